/**
 * One running proxy. Everything opened is put on one stack, in order, and closed from its top: if a start fails, at
 * the end of a drain, and when the proxy is killed.
 */
import { type AddressInfo, Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { Config } from '../../config/schema.ts'
import { readKey } from '../../config/secret.ts'
import { causeChain } from '../cause-chain.ts'
import type { Surroundings } from '../clock.ts'
import { descriptorLimit, loweredBounds, withinDescriptors } from '../listener/descriptor-limit.ts'
import { listenError } from '../listener/listen-problem.ts'
import { openPrivateEntrance } from '../listener/private-entrance.ts'
import { shareSessionTickets } from '../listener/session-tickets.ts'
import type { Changes } from '../store/changes.ts'
import { buildProxy, type ProxyParts } from './build-proxy.ts'
import { checkStore } from './check-store.ts'
import { openServices, type Services } from './open-services.ts'
import type { OperatorDesk } from './operator-desk.ts'
import type { Readiness } from './readiness.ts'

/** Disposing is `kill`. */
export interface ProxyServer extends AsyncDisposable {
  /** The port it listens on. */
  readonly port: number
  readonly registry: Registry
  readiness(): Readiness
  /** Undefined without an operator's page. */
  readonly desk: OperatorDesk | undefined
  /**
   * Reports not ready and, for `delayMs`, closes each connection after its response, so that a balancer notices and
   * its connections empty. Then closes idle connections, lets requests in flight finish within the drain timeout, and
   * closes everything. `listens`: accepts new connections meanwhile; false if other processes accept them.
   */
  drain(delayMs: number, listens: boolean): Promise<void>
  /** Stops immediately. */
  kill(): Promise<void>
}

const TIDY_INTERVAL_MS = 100
/** Time after the drain timeout for everything but requests; the supervisor waits longer than that. */
const RELEASE_MS = 4000

/** What a worker gets from the supervisor; not needed without one. */
export interface FromSupervisor {
  /** Path of the socket for health checks (`src/listener/private-entrance.ts`). */
  readonly entrance?: string | undefined
  /** Base64 secret for session tickets, if the configuration names no file. */
  readonly ticketSecret?: string
}

function ticketSecretOf({ listener }: Config, given: string | undefined): Buffer | undefined {
  const file = listener.tls?.sessionTicketKeyFile
  if (file !== undefined) return readKey(file)
  return given === undefined ? undefined : Buffer.from(given, 'base64')
}

/**
 * Rejects, with a message for the operator, if it cannot start; nothing is left open then. `join` is called before the
 * first request is served, to connect `changes` with other processes on the same store.
 */
export async function startProxy(
  wanted: Config,
  log: Logger,
  surroundings: Surroundings,
  { entrance, ticketSecret }: FromSupervisor = {},
  join: (changes: Changes) => void = () => undefined,
): Promise<ProxyServer> {
  const limit = descriptorLimit()
  const config = withinDescriptors(wanted, limit)
  const lowered = loweredBounds(wanted, config)
  if (lowered.length > 0)
    log.warn({ 'event.action': 'bounds-lowered', 'torhaus.descriptor_limit': limit, 'torhaus.bounds': lowered })
  await using opened = new AsyncDisposableStack()
  const services = await openServices(config, log, surroundings, opened)
  join(services.changes)
  await checkStore(services, opened)
  const parts = buildProxy(services, surroundings.monotonic, opened)
  const { app } = parts
  const { host, port } = config.listener
  await app.listen({ host, port }).catch((error: unknown) => {
    throw listenError(error, { section: 'listener', host, port })
  })
  if (entrance !== undefined) opened.defer(await openPrivateEntrance(app.server, entrance))
  const secret = ticketSecretOf(config, ticketSecret)
  if (secret !== undefined) opened.defer(shareSessionTickets(app.server, secret, surroundings.now))
  void parts.sweep()
  // Sign-in would fetch the metadata itself, but this logs an unreachable OP at the start.
  for (const { provider } of services.ops.all)
    provider.metadata().catch((error: Error) => {
      log.warn({ 'event.action': 'discovery', 'error.message': causeChain(error) })
    })
  return running(config, services, parts, opened.move())
}

function running(
  { listener }: Pick<Config, 'listener'>,
  { metrics }: Pick<Services, 'metrics'>,
  { app, tunnels, desk, readiness, startDraining, settle }: ProxyParts,
  opened: AsyncDisposableStack,
): ProxyServer {
  const killed = new AbortController()
  let closed: Promise<void> | undefined
  const stop = async (withinMs: number): Promise<void> => {
    const late = new AbortController()
    using _late = setTimeout(() => late.abort(), withinMs + RELEASE_MS)
    tunnels.closeAll()
    using _cut = setTimeout(() => app.server.closeAllConnections(), withinMs)
    // Connections that become idle now would otherwise wait until their keep-alive timeout.
    using _tidy = setInterval(() => app.server.closeIdleConnections(), TIDY_INTERVAL_MS)
    await app.close()
    // Only once: a draining proxy may be killed.
    closed ??= settle(AbortSignal.any([killed.signal, late.signal])).finally(() => opened.disposeAsync())
    await closed
  }
  const kill = (): Promise<void> => {
    startDraining()
    killed.abort()
    app.server.closeAllConnections()
    return stop(0)
  }
  return {
    port: (app.server.address() as AddressInfo).port,
    registry: metrics.registry,
    ...{ readiness, desk, kill },
    async drain(delayMs, listens) {
      startDraining()
      // `close` of http.Server would also close idle connections, before their clients were told.
      if (!listens) Server.prototype.close.call(app.server)
      if (delayMs > 0) await sleep(delayMs, undefined, { signal: killed.signal }).catch(() => undefined)
      await stop(killed.signal.aborted ? 0 : listener.drainTimeoutMs)
    },
    [Symbol.asyncDispose]: kill,
  }
}
