/**
 * One running proxy: listens, and stops again. Whatever is opened on the way goes to one stack, in the order of
 * opening, and is closed from its top: when a start fails, at the end of a drain, and when the proxy is killed.
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
  /** Where it listens. */
  readonly port: number
  readonly registry: Registry
  readiness(): Readiness
  /** Undefined where no operator may ask. */
  readonly desk: OperatorDesk | undefined
  /**
   * Tells whoever asks that it is not ready, and goes on for `delayMs` with answers that close their connection: so a
   * balancer notices, and its connections empty. Then it closes what is idle, lets requests in flight finish within the
   * drain timeout, and closes everything. `listens`: new connections are taken meanwhile; not so where others take
   * them.
   */
  drain(delayMs: number, listens: boolean): Promise<void>
  /** Ends at once. */
  kill(): Promise<void>
}

const TIDY_INTERVAL_MS = 100
/** After the drain timeout so long for what is not a request; a supervisor waits longer than that. */
const RELEASE_MS = 4000

/** What a worker is given, and a proxy without a supervisor does without. */
export interface FromSupervisor {
  /** Where it is asked whether it answers (`src/listener/private-entrance.ts`). */
  readonly entrance?: string | undefined
  /** What session tickets are made from, in base64, where the configuration names no file for it. */
  readonly ticketSecret?: string
}

function ticketSecretOf({ listener }: Config, given: string | undefined): Buffer | undefined {
  const file = listener.tls?.sessionTicketKeyFile
  if (file !== undefined) return readKey(file)
  return given === undefined ? undefined : Buffer.from(given, 'base64')
}

/**
 * Rejects when it cannot start, in words for the operator; nothing is left open then. `join`: is given the changes between
 * this process and others on the same store before anybody is served; what it has heard of them counts from the first request on.
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
  // Sign-in works without this, too; but when the OP is away, better to say so now.
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
    // Connections that become idle meanwhile would wait for another request until their keep-alive timeout.
    using _tidy = setInterval(() => app.server.closeIdleConnections(), TIDY_INTERVAL_MS)
    await app.close()
    // Once: a person in a hurry kills what is draining.
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
      // That of http.Server would close idle connections, too, before anybody was told.
      if (!listens) Server.prototype.close.call(app.server)
      if (delayMs > 0) await sleep(delayMs, undefined, { signal: killed.signal }).catch(() => undefined)
      await stop(killed.signal.aborted ? 0 : listener.drainTimeoutMs)
    },
    [Symbol.asyncDispose]: kill,
  }
}
