import { type Forward, forward } from '../../middleware/forward.ts'
import type { Delegated } from '../exchange.ts'
import { ResponseFieldFilter } from '../http/response-fields.ts'
import type { IntakeLimits } from '../listener/intake.ts'
import type { PatWatch } from '../pats/pat-watch.ts'
import type { Tunnels } from '../tunnels/tunnels.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { fail } from './open-exchange.ts'
import type { Services } from './open-services.ts'
import { Shares } from './shares.ts'
import { upstreamNames } from './upstream-names.ts'

interface ForwardNeeds
  extends Pick<Services, 'accountKey' | 'config' | 'cookies' | 'fieldReader' | 'publicUrl' | 'refusal' | 'viaName'> {
  readonly upstream: Upstream
  readonly watch: PatWatch
  readonly tunnels: Tunnels
  readonly limits: IntakeLimits
  /** Called after a 401, when the origin server no longer accepts the token. */
  readonly endProof: (exchange: Delegated) => void
}

/** Builds the last stage, which forwards to the origin server and relays its response. */
export function buildForward(needs: ForwardNeeds): Forward {
  const { config, cookies, publicUrl, refusal, watch, upstream, fieldReader, viaName, tunnels, limits } = needs
  const { accountKey, endProof } = needs
  const { monotonic } = limits.keeper
  const shares = new Shares(watch, accountKey, monotonic)
  return forward({
    ...{ upstream, fieldReader, viaName, tunnels, monotonic },
    intakeLimits: limits,
    shareOf: exchange => shares.of(exchange),
    responseFields: new ResponseFieldFilter(
      config.publicUrl,
      config.upstream.url,
      cookies.names,
      refusal.strictTransport,
    ),
    ...upstreamNames(config, publicUrl),
    ownCookies: cookies.names,
    challenge: refusal.challenge,
    answered: (exchange, status, rawFields) => {
      watch.see(exchange, status, rawFields)
      shares.answered(exchange, status)
      if (status === 401) endProof(exchange)
    },
    fail: (record, fault) => fail({ refusal }, record, fault),
  })
}
