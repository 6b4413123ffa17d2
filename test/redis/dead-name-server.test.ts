/** The first name server is dead: the system answers later than a connection may take. */
import assert from 'node:assert/strict'
import dns, { type LookupAddress } from 'node:dns'
import { after, afterEach, before, mock, test } from 'node:test'
import { openLink, redisSettings } from '../../devkit/redis/redis-lab.ts'
import { type RedisProcess, startRedis } from '../../devkit/redis/redis-process.ts'
import { eventually } from '../../devkit/torhaus/eventually.ts'

type Answer = (error: Error | null, addresses: LookupAddress[]) => void

let redis: RedisProcess
before(async () => {
  redis = await startRedis()
})
afterEach(() => mock.restoreAll())
after(() => redis?.close())

test('a connection that is lost while the first name server is dead is made again', async () => {
  let isDead = false
  let unanswered = 0
  mock.method(dns, 'lookup', (_host: string, _options: object, done: Answer) => {
    if (isDead) unanswered++
    else done(null, [{ address: '127.0.0.1', family: 4 }])
  })
  const { link } = await openLink(redisSettings([`redis://redis.corp.test:${new URL(redis.url).port}`]))
  await using _ = link
  assert.equal(await link.call('k', 'PING'), 'PONG')
  isDead = true
  await redis.cli('CLIENT', 'KILL', 'TYPE', 'normal')
  await redis.cli('CLIENT', 'KILL', 'TYPE', 'pubsub')
  await eventually(() => unanswered > 0, 'the name server is asked')
  await eventually(
    () =>
      link.call('k', 'PING').then(
        answer => answer === 'PONG',
        () => false,
      ),
    'Redis is reached again',
  )
  assert.equal(link.condition, 'available')
})
