/** A start that fails with a Redis: connections, heartbeats and attempts to reconnect end with it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { redisSettings } from '../../devkit/redis/redis-lab.ts'
import { type RedisProcess, startRedis } from '../../devkit/redis/redis-process.ts'
import { freePort } from '../../devkit/torhaus/free-port.ts'
import { RedisConnection } from '../../src/store/redis-connection.ts'
import { system } from '../../src/system.ts'
import { watchResources } from '../app/open-resources.ts'
import { failsAndLeavesNothing, withAuditFile, withStore } from '../app/start-lab.ts'

const PASSWORD = 'correct-horse'
let redis: RedisProcess
before(async () => {
  redis = await startRedis({ lines: [`requirepass ${PASSWORD}`], cliArgs: ['--no-auth-warning', '-a', PASSWORD] })
})
after(() => redis?.close())

test('nothing is left open where Redis refuses the password', () =>
  failsAndLeavesNothing(
    (config, { file }) => {
      const settings = redisSettings([redis.url], { passwordFile: file('password', 'wrong\n') })
      return withStore(config, { kind: 'redis', redis: settings })
    },
    { message: /Redis refuses/ },
  ))

test('nothing is left open where Redis is in use, and a part after it cannot start', () =>
  failsAndLeavesNothing(
    (config, { file }) => {
      const settings = redisSettings([redis.url], { passwordFile: file('password', `${PASSWORD}\n`) })
      return withAuditFile(withStore(config, { kind: 'redis', redis: settings }), file('missing/audit.log'))
    },
    { code: 'ENOENT' },
  ))

test('nothing is left open where Redis is away, and a part after it cannot start', async () => {
  const url = `redis://127.0.0.1:${await freePort()}`
  await failsAndLeavesNothing(
    (config, { file }) =>
      withAuditFile(withStore(config, { kind: 'redis', redis: redisSettings([url]) }), file('missing/audit.log')),
    { code: 'ENOENT' },
  )
})

test('a connection that is closed while it is being opened leaves nothing open, and does not wait for Redis', async () => {
  const silent = createServer().listen(0, '127.0.0.1')
  await once(silent, 'listening')
  try {
    const { port } = silent.address() as { port: number }
    const accepted = once(silent, 'connection') as Promise<[Socket]>
    const left = watchResources()
    // Far longer than the test may take.
    const settings = redisSettings([`redis://127.0.0.1:${port}`], { connectTimeoutMs: 3_600_000 })
    const report = { command: () => undefined, changed: () => undefined }
    const connection = new RedisConnection(settings, { channel: 'changes', probe: 'probe' }, report, system)
    const opening = connection.open({
      heartbeat: () => '',
      receive: () => undefined,
      interrupted: () => undefined,
    })
    const [socket] = await accepted
    await once(socket, 'data')
    await connection[Symbol.asyncDispose]()
    await opening
    if (!socket.closed) await once(socket, 'close')
    assert.deepEqual(await left(), [])
  } finally {
    await new Promise(resolve => silent.close(resolve))
  }
})
