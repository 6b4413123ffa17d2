import type { MonotonicClock } from '../clock.ts'
import type { ProvePat } from '../pats/prove-pat.ts'
import type { PolicyParts } from '../pipeline.ts'
import { Tunnels } from '../tunnels/tunnels.ts'
import { buildPatWatch, type PatWatchNeeds } from './build-pat-watch.ts'
import type { Services } from './open-services.ts'
import { reauthorize } from './reauthorize.ts'

type TunnelNeeds = PatWatchNeeds & Pick<Services, 'changes' | 'sessions'>

/** The tunnels, which are judged again by the policy that admitted them. */
export function buildTunnels(
  services: TunnelNeeds,
  policy: PolicyParts,
  provesPat: ProvePat,
  monotonic: MonotonicClock,
  opened: AsyncDisposableStack,
): Tunnels {
  const { config, changes, accountKey, sessions } = services
  const unheard = () => undefined
  const watch = buildPatWatch(services, { judged: unheard, asked: unheard, learned: unheard, failed: unheard }, unheard)
  return opened.use(
    new Tunnels({
      ...{ changes, accountKey, monotonic },
      settings: {
        maxTunnels: config.listener.maxTunnels,
        idleTimeoutMs: config.upstream.tunnelIdleTimeoutMs,
        maxAgeMs: config.session.absoluteTimeoutSeconds * 1000,
      },
      refusal: reauthorize({ ...policy, sessions, provesPat, refusesPat: exchange => watch.refuse(exchange) }),
    }),
  )
}
