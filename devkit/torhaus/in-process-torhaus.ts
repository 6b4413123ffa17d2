/** The parts of one worker and the admin listener in the test's own process, with a clock of the test. */

import { createServer } from 'node:http'
import type { Logger } from 'pino'
import type { Config } from '../../config/schema.ts'
import { startProxy } from '../../src/app/proxy-server.ts'
import type { MonotonicClock } from '../../src/clock.ts'
import { adminCheck } from '../../src/process/admin-credential.ts'
import { AdminListener } from '../../src/process/admin-listener.ts'
import { system } from '../../src/system.ts'
import { bothClocks } from './both-clocks.ts'
import { operatorParts } from './operator-parts.ts'

export interface Torhaus {
  readonly proxyPort: number
  readonly adminPort: number
  /** As at SIGTERM, with the times of the configuration. */
  drain(): Promise<void>
  kill(): Promise<void>
}

/** 24 days: what a timer can hold, and more than a test turns its clock at a time. */
const LASTING_MS = 24 * 24 * 3_600_000

/** `monotonic`: where it is to go on otherwise than `now`. */
export async function startTorhaus(
  config: Config,
  log: Logger,
  now = system.now,
  monotonic?: MonotonicClock,
): Promise<Torhaus> {
  const clocks = now === system.now ? system : bothClocks(now)
  await using opened = new AsyncDisposableStack()
  const proxy = opened.use(
    await startProxy(clocks === system ? config : withLastingConnections(config), log, {
      ...system,
      ...clocks,
      ...(monotonic && { monotonic }),
    }),
  )
  const { registry } = proxy
  const admin = opened.use(
    new AdminListener({
      hostNames: () => config.admin.hostNames,
      isAllowed: adminCheck(config.admin.credentialFile),
      serverFactory: createServer,
      metrics: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
      onWrongCredential: () => undefined,
      isAlive: () => true,
      monotonic: system.monotonic,
      reloads: () => ({ success: 0, failure: 0 }),
      readiness: () => proxy.readiness(),
      hasCredential: () => config.admin.credentialFile !== undefined,
      operator: operatorParts(proxy.desk, () => registry.getMetricsAsJSON(), now),
    }),
  )
  await admin.listen({ host: config.admin.host, port: config.admin.port })
  const all = opened.move()
  return {
    proxyPort: proxy.port,
    adminPort: admin.port ?? 0,
    async drain() {
      await proxy.drain(config.listener.drainDelayMs, true)
      await all.disposeAsync()
    },
    kill: () => all.disposeAsync(),
  }
}

/** A clock that is turned would make idle connections old, and close them under the next request. */
function withLastingConnections(config: Config): Config {
  return { ...config, listener: { ...config.listener, keepAliveTimeoutMs: LASTING_MS } }
}
