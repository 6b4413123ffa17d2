/** Connects the services to a proxy, according to the configuration. Nothing listens yet. */
import { createHash, randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { Config } from '../../config/schema.ts'
import { readTlsPair } from '../../config/tls-pair.ts'
import type { Forward } from '../../middleware/forward.ts'
import type { MonotonicClock } from '../clock.ts'
import { Turns } from '../listener/turns.ts'
import { accessLog } from '../observability/access-log.ts'
import { RecentExchanges } from '../observability/recent-exchanges.ts'
import { RejectLog } from '../observability/reject-log.ts'
import { createPolicy, type PolicyParts } from '../pipeline.ts'
import type { Tunnels } from '../tunnels/tunnels.ts'
import { HttpUpstream } from '../upstream/http-upstream.ts'
import { buildForward } from './build-forward.ts'
import { buildPatProof, proofEnder } from './build-pat-proof.ts'
import { buildPatWatch } from './build-pat-watch.ts'
import { buildPolicy } from './build-policy.ts'
import { buildTracing } from './build-tracing.ts'
import { buildTunnels } from './build-tunnels.ts'
import { type EndpointNeeds, endpoints } from './endpoints.ts'
import { type AppParts, createApp } from './exchange-handler.ts'
import { startFlushing, startGivingBack, startSweeping } from './housekeeping.ts'
import { intakeLimits, requestRates } from './intake-limits.ts'
import type { OpenExchange } from './open-exchange.ts'
import type { Services } from './open-services.ts'
import { type OperatorDesk, operatorDesk } from './operator-desk.ts'
import { patReport } from './pat-report.ts'
import { type Readiness, readinessOf } from './readiness.ts'

export interface ProxyParts {
  readonly app: FastifyInstance
  readonly tunnels: Tunnels
  /** Undefined without an operator's page. */
  readonly desk: OperatorDesk | undefined
  readiness(): Readiness
  /** From now on it reports not ready, and each response is the last of its connection. */
  startDraining(): void
  /** Removes what has expired from the store. Never rejects: the next round retries. */
  sweep(): Promise<void>
  /** Saves what must not be lost; gives up when `hurry` aborts. */
  settle(hurry: AbortSignal): Promise<void>
}

/** Everything opened is put on `opened` and closed with it, also if this throws. */
export function buildProxy(services: Services, monotonic: MonotonicClock, opened: AsyncDisposableStack): ProxyParts {
  const { config, metrics, audit, log, stores, directory } = services
  startFlushing(services, opened)
  const sweep = startSweeping({ ...services, monotonic }, opened)
  const upstream = opened.use(new HttpUpstream(config.upstream, monotonic))
  const { patConfirmations } = services
  const watch = buildPatWatch(services, patReport(metrics, audit, log), (...use) => patConfirmations.ask(...use))
  const { proof, provesPat, provesPatAgain } = buildPatProof(services, upstream, monotonic)
  const recent = recentExchanges(services)
  const tracing = buildTracing(services, recent, monotonic, opened)
  const policy = {
    ...buildPolicy(services, watch, provesPat),
    ...{ rates: requestRates(config, monotonic), beginSpan: tracing.beginSpan },
  }
  const tunnels = buildTunnels(services, policy, provesPatAgain, monotonic, opened)
  audit.write('policy-loaded', {}, { hash: hashOf(config.secondFactor) })
  const turns = new Turns<OpenExchange>()
  const limits = intakeLimits(config, monotonic)
  opened.defer(() => limits.keeper.close())
  let isDraining = false
  const app = buildApp(services, opened, {
    ...{ policy, monotonic, newTrace: tracing.newTrace, recent },
    forward: buildForward({ ...services, upstream, watch, tunnels, limits, endProof: proofEnder(services, proof) }),
    isDraining: () => isDraining,
    turns,
    awaited: limits.awaited,
  })
  const clientConnections = countConnections(app)
  startGivingBack(services, clientConnections, opened)
  metrics.observe({
    upstream: () => upstream.statistics(),
    clientConnections,
    pipelinedRequests: () => turns.held,
    unprovenContentBytes: () => limits.ledger.total,
    unrecognisedPats: sweep.unrecognisedPats,
    isStoreAvailable: () => stores.condition() === 'available',
    clockDifferenceMs: stores.clockDifferenceMs,
    tunnels: () => tunnels.count,
    ...(directory === undefined ? {} : { directory: () => directory.statistics() }),
  })
  return {
    ...{ app, tunnels, desk: recent && operatorDesk(services, recent) },
    readiness: () => readinessOf(services, isDraining),
    startDraining() {
      isDraining = true
    },
    sweep: sweep.run,
    // If a refresh token has been used and its successor is not stored, that person is signed out.
    async settle(hurry) {
      await policy.authenticate.refresh.settle(hurry)
      await Promise.all([services.grants, services.pats, services.patConfirmations].map(kept => kept.settle(hurry)))
    },
  }
}

/** Undefined without an operator's page, which needs a credential. */
const recentExchanges = ({ config, now }: Pick<Services, 'config' | 'now'>) =>
  config.admin.credentialFile === undefined ? undefined : new RecentExchanges(now)

/** Identifies the rules in the audit log: changes whenever they do. */
const hashOf = (settings: Config['secondFactor']) => createHash('sha256').update(JSON.stringify(settings)).digest('hex')

type AppServices = Omit<EndpointNeeds, 'refresh'> & Pick<Services, 'log' | 'refusal' | 'spans'>

interface AppNeeds extends Pick<AppParts, 'awaited' | 'isDraining' | 'monotonic' | 'newTrace' | 'turns'> {
  readonly policy: PolicyParts
  readonly forward: Forward
  readonly recent: RecentExchanges | undefined
}

function buildApp(
  services: AppServices,
  opened: AsyncDisposableStack,
  { policy, forward, recent, ...rest }: AppNeeds,
): FastifyInstance {
  const { config, log, now, metrics, audit, refusal } = services
  const { tls } = config.listener
  const writeAccess = config.logging.access ? accessLog(log, now, config.logging.accessForm) : undefined
  const rejects = new RejectLog(log, rest.monotonic)
  return opened.use(
    createApp({
      ...{ ...rest, forward, refusal, spans: services.spans },
      listener: config.listener,
      tls: tls && readTlsPair(tls),
      policy: createPolicy(policy),
      routes: endpoints({ ...services, refresh: policy.authenticate.refresh }),
      newRequestId: randomUUID,
      close: (record, closedAtMs) => {
        metrics.exchange(record, closedAtMs)
        audit.exchange(record)
        writeAccess?.(record, closedAtMs)
        recent?.ended(record, closedAtMs)
        record.trace?.conclude(record, closedAtMs)
      },
      rejected: (code, peer, reason) => {
        metrics.rejected(code)
        rejects.write(code, peer, reason)
      },
    }),
  )
}

function countConnections(app: FastifyInstance): () => number {
  let open = 0
  app.server.on('connection', socket => {
    open++
    socket.on('close', () => open--)
  })
  return () => open
}
