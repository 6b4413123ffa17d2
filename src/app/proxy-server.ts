/** One running proxy: listens, and stops again. */
import { type AddressInfo, Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { Config } from '../../config/schema.ts'
import { causeChain } from '../cause-chain.ts'
import type { Surroundings } from '../clock.ts'
import { descriptorLimit, loweredBounds, withinDescriptors } from '../listener/descriptor-limit.ts'
import { openPrivateEntrance } from '../listener/private-entrance.ts'
import type { Changes } from '../store/changes.ts'
import { buildProxy } from './build-proxy.ts'
import type { Readiness } from './readiness.ts'

export interface ProxyServer {
  /** Where it listens. */
  readonly port: number
  readonly registry: Registry
  /** Between this process and others on the same store. */
  readonly changes: Changes
  readiness(): Readiness
  /**
   * Tells whoever asks that it is not ready, and goes on for `delayMs` with answers that close their connection: so a
   * balancer notices, and its connections empty. Then it closes what is idle, lets requests in flight finish within the
   * drain timeout, and closes everything. `listens`: new connections are taken meanwhile; not so where others take them.
   */
  drain(delayMs: number, listens: boolean): Promise<void>
  /** Ends at once. */
  kill(): Promise<void>
}

const SWEEP_INTERVAL_MS = 60_000
const TIDY_INTERVAL_MS = 100

/**
 * Rejects when it cannot start, in words for the operator; nothing is left open then. `entrance`: where the supervisor asks
 * whether it answers (`src/listener/private-entrance.ts`).
 */
export async function startProxy(
  wanted: Config,
  log: Logger,
  surroundings: Surroundings,
  entrance?: string,
): Promise<ProxyServer> {
  const limit = descriptorLimit()
  const config = withinDescriptors(wanted, limit)
  const lowered = loweredBounds(wanted, config)
  if (lowered.length > 0)
    log.warn({ 'event.action': 'bounds-lowered', 'torhaus.descriptor_limit': limit, 'torhaus.bounds': lowered })
  const parts = await buildProxy(config, log, surroundings)
  const { app, provider } = parts
  const sweep = setInterval(() => void parts.sweep(), SWEEP_INTERVAL_MS).unref()

  let closeEntrance: (() => void) | undefined
  let released: Promise<void> | undefined
  const stop = async (timeoutMs: number): Promise<void> => {
    closeEntrance?.()
    parts.tunnels.closeAll()
    const cut = () => app.server.closeAllConnections()
    const deadline = setTimeout(cut, timeoutMs)
    // Connections that become idle meanwhile would wait for another request until their keep-alive timeout.
    const tidy = setInterval(() => app.server.closeIdleConnections(), TIDY_INTERVAL_MS)
    await app.close()
    clearTimeout(deadline)
    clearInterval(tidy)
    clearInterval(sweep)
    // Once: a person in a hurry kills what is draining.
    released ??= parts.release()
    await released
  }
  try {
    await app.listen({ host: config.listener.host, port: config.listener.port })
    if (entrance !== undefined) closeEntrance = await openPrivateEntrance(app.server, entrance)
  } catch (error) {
    await stop(0)
    throw error
  }
  void parts.sweep()
  // Sign-in works without this, too; but when the OP is away, better to say so now.
  provider.metadata().catch((error: Error) => {
    log.warn({ 'event.action': 'discovery', 'error.message': causeChain(error) })
  })
  const killed = new AbortController()
  return {
    port: (app.server.address() as AddressInfo).port,
    registry: parts.registry,
    changes: parts.changes,
    readiness: parts.readiness,
    async drain(delayMs, listens) {
      parts.startDraining()
      // That of http.Server would close idle connections, too, before anybody was told.
      if (!listens) Server.prototype.close.call(app.server)
      if (delayMs > 0) await sleep(delayMs, undefined, { signal: killed.signal }).catch(() => undefined)
      await stop(killed.signal.aborted ? 0 : config.listener.drainTimeoutMs)
    },
    kill() {
      parts.startDraining()
      killed.abort()
      app.server.closeAllConnections()
      return stop(0)
    },
  }
}
