/** One running Torhaus: listens, and stops again. */
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { Config } from '../config/schema.ts'
import { causeChain } from './access-log.ts'
import type { Clock } from './clock.ts'
import { compose } from './compose.ts'

export interface Torhaus {
  /** Where it listens. */
  readonly proxyPort: number
  readonly adminPort: number
  /** Stops listening, lets requests in flight finish within the drain timeout, and closes everything. */
  drain(): Promise<void>
  /** Ends at once. */
  kill(): Promise<void>
}

const SWEEP_INTERVAL_MS = 60_000
const TIDY_INTERVAL_MS = 100

/** Rejects when it cannot start, in words for the operator; nothing is left open then. */
export async function startTorhaus(config: Config, log: Logger, now: Clock = Date.now): Promise<Torhaus> {
  const parts = await compose(config, log, now)
  const { app, admin, provider } = parts
  const sweep = setInterval(() => void parts.sweep(), SWEEP_INTERVAL_MS).unref()

  let released: Promise<void> | undefined
  const stop = async (timeoutMs: number): Promise<void> => {
    parts.startDraining()
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
    await app.listen({ host: config.server.host, port: config.server.port })
    await admin.listen({ host: config.admin.host, port: config.admin.port })
  } catch (error) {
    await stop(0)
    throw error
  }
  // Sign-in works without this, too; but when the OP is away, better to say so now.
  provider.metadata().catch((error: Error) => {
    log.warn({ 'event.action': 'discovery', 'error.message': causeChain(error) })
  })
  return {
    proxyPort: portOf(app),
    adminPort: portOf(admin),
    drain: () => stop(config.server.drainTimeoutMs),
    kill() {
      app.server.closeAllConnections()
      return stop(0)
    },
  }
}

const portOf = (listener: FastifyInstance) => (listener.server.address() as AddressInfo).port
