import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { listen } from '../../devkit/op/listen.ts'
import { memoryInUse } from '../../devkit/torhaus/memory-in-use.ts'
import { system } from '../../src/system.ts'
import type { Connection } from '../../src/upstream/connection.ts'
import { ConnectionPool } from '../../src/upstream/connection-pool.ts'
import type { Waiter } from '../../src/upstream/waiter.ts'

const TIMES = { headersTimeoutMs: 10_000, bodyTimeoutMs: 10_000, keepAliveTimeoutMs: 10_000, connectTimeoutMs: 10_000 }

/** In a function of its own: nothing of it may be left on the stack. */
async function serveOnce(pool: ConnectionPool): Promise<WeakRef<Waiter>> {
  const { promise, resolve } = Promise.withResolvers<Connection>()
  const waiter = {
    ...({ key: 'k', owner: 'o', standing: 'proven', holder: undefined, cancelled: false } as const),
    onConnection: resolve,
    onUnavailable: (fault: Error) => assert.fail(fault),
  }
  pool.acquire(waiter)
  pool.onFree(await promise)
  return new WeakRef<Waiter>(waiter)
}

test('a connection that waits for its next request keeps nothing of the one that opened it', async () => {
  await using server = createServer()
  const settings = { ...TIMES, maxConnections: 4, maxQueued: 4, queueTimeoutMs: 1000, monotonic: system.monotonic }
  using pool = new ConnectionPool({
    ...settings,
    host: '127.0.0.1',
    port: await listen(server, '127.0.0.1', 0),
    tls: undefined,
  })
  const waiter = await serveOnce(pool)
  await memoryInUse()
  assert.equal(pool.idle, 1)
  assert.equal(waiter.deref(), undefined)
})
