/** A connection in constant use would stay with the address that a name had once. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type RawOrigin, startRawOrigin } from '../../devkit/origin/raw-origin.ts'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import type { Connection } from '../../src/upstream/connection.ts'
import { ConnectionPool } from '../../src/upstream/connection-pool.ts'
import type { Waiter } from '../../src/upstream/waiter.ts'

const HOUR_MS = 3_600_000
const TIMES = {
  headersTimeoutMs: HOUR_MS,
  bodyTimeoutMs: HOUR_MS,
  keepAliveTimeoutMs: HOUR_MS,
  connectTimeoutMs: HOUR_MS,
}
/** At the latest: 5 minutes, and up to one more so that not all are renewed at once. */
const OLD_MS = 360_000

let origin: RawOrigin
before(async () => {
  origin = await startRawOrigin()
})
after(() => origin.close())

function counted(maxConnections: number) {
  let nowMs = 0
  const pool = new ConnectionPool({
    ...{ ...TIMES, maxConnections, maxQueued: 4, queueTimeoutMs: 2 * HOUR_MS, monotonic: () => nowMs },
    ...{ host: '127.0.0.1', port: Number(new URL(origin.url).port), tls: undefined },
  })
  const turn = (ms: number) => {
    nowMs += ms
  }
  return { pool, turn }
}

function acquire(pool: ConnectionPool): Promise<Connection> {
  const { promise, resolve, reject } = Promise.withResolvers<Connection>()
  const waiter: Waiter = {
    ...({ key: 'k', owner: 'o', standing: 'proven', holder: undefined, cancelled: false } as const),
    onConnection: resolve,
    onUnavailable: reject,
  }
  pool.acquire(waiter)
  return promise
}

test('one that is used again and again is closed, once it is free, after five to six minutes', async () => {
  const { pool, turn } = counted(4)
  using _pool = pool
  const first = await acquire(pool)
  for (let minute = 0; minute < 5; minute++) {
    assert.equal(pool.connections, 1)
    pool.onFree(first)
    assert.equal(await acquire(pool), first)
    turn(59_000)
  }
  turn(OLD_MS)
  assert.equal(pool.connections, 1, 'in use it is left alone')
  pool.onFree(first)
  assert.notEqual(await acquire(pool), first)
  assert.equal(pool.opened, 2)
})

test('who waits for one that is too old gets a new one in its place', async () => {
  const { pool, turn } = counted(1)
  using _pool = pool
  const first = await acquire(pool)
  const next = acquire(pool)
  assert.equal(pool.queued, 1)
  turn(OLD_MS)
  pool.onFree(first)
  assert.notEqual(await next, first)
  await eventually(() => pool.connections === 1, 'the old one is gone')
})

test('those that were opened together are not renewed together', async () => {
  const { pool, turn } = counted(4)
  using _pool = pool
  const both = [await acquire(pool), await acquire(pool)]
  turn(OLD_MS - 60_000 + 1000)
  for (const connection of both) pool.onFree(connection)
  assert.equal(pool.idle, 1)
})
