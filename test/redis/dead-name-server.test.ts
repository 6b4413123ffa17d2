/** The first name server is dead: the system answers later than a connection may take. */
import assert from 'node:assert/strict'
import dns, { type LookupAddress } from 'node:dns'
import { after, afterEach, before, mock, test } from 'node:test'
import { redisSettings } from '../../devkit/redis/redis-lab.ts'
import { type RedisProcess, startRedis } from '../../devkit/redis/redis-process.ts'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { openStores } from '../../src/app/open-stores.ts'
import { Changes } from '../../src/store/changes.ts'
import { system } from '../../src/system.ts'

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
  await using opened = new AsyncDisposableStack()
  let answered = 0
  const report = {
    command: (_: number, isAnswered: boolean) => {
      if (isAnswered) answered++
    },
    ...{ changed: () => undefined, clock: () => undefined, malformed: () => undefined },
  }
  const url = `redis://redis.corp.test:${new URL(redis.url).port}`
  const times = { idleTimeoutSeconds: 7200, absoluteTimeoutSeconds: 86_400, cacheMs: 1000 }
  const session = { ...times, store: { kind: 'redis', redis: redisSettings([url]) } } as never
  const stores = await openStores(session, new Changes(), report, system, opened)
  const known = () => stores.knownUntilMs?.() ?? Number.NEGATIVE_INFINITY
  await eventually(() => answered > 0 && known() > 0, 'Redis is reached, and tells of changes')
  isDead = true
  await redis.cli('CLIENT', 'KILL', 'TYPE', 'normal')
  await redis.cli('CLIENT', 'KILL', 'TYPE', 'pubsub')
  await eventually(() => unanswered > 0, 'the name server is asked')
  const [before, sinceMs] = [answered, system.monotonic()]
  await eventually(() => answered > before + 2, 'commands are answered again')
  await eventually(() => known() > sinceMs + 500, 'changes are told again')
  assert.equal(stores.condition(), 'available')
})
