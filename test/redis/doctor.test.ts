/** What doctor says of a Redis that is away, refuses us, takes nothing, or has another clock. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Config } from '../../config/schema.ts'
import { createPlace, type Place } from '../../devkit/mistakes/place.ts'
import { redisSettings } from '../../devkit/redis/redis-lab.ts'
import { type RedisProcess, startRedis } from '../../devkit/redis/redis-process.ts'
import type { RedisSettings } from '../../src/store/redis-driver.ts'
import { advice, assertFound, configIn, found } from '../doctor/doctor-lab.ts'
import { documentedUser } from './documented-user.ts'

const PASSWORD = 'correct-horse-battery-staple'

/** As docs/redis.md asks. */
const SET_UP = ['appendonly yes', 'maxmemory-policy noeviction']

let redis: RedisProcess
let place: Place
before(async () => {
  redis = await startRedis({
    lines: [...SET_UP, await documentedUser(PASSWORD), `user default on >${PASSWORD} ~* &* +@all`],
    cliArgs: ['--no-auth-warning', '-a', PASSWORD],
  })
  place = createPlace()
  for (const [name, text] of [
    ['password', PASSWORD],
    ['wrong', 'wrong'],
  ] as const)
    await writeFile(join(place.directory, name), text, { mode: 0o600 })
})
after(async () => {
  await redis?.close()
  place?.[Symbol.dispose]()
})

function withRedis(change: Partial<RedisSettings> = {}): Config {
  const config = configIn(place.configFile)
  const own = { keyPrefix: 'torhaus', username: 'torhaus', passwordFile: place.file('password') }
  const settings = { ...redisSettings([redis.url]), ...own, ...change }
  return {
    ...config,
    session: { ...config.session, store: { ...config.session.store, kind: 'redis', redis: settings } },
  }
}

test('nothing is said of a Redis with the user of docs/redis.md', async () => {
  assert.deepEqual(await found('redis', withRedis()), [])
})

test('a Redis that is away, a wrong password and keys that are not ours are named', async () => {
  await assertFound(
    found('redis', withRedis({ urls: ['redis://127.0.0.1:9'] })),
    /^error \(session\.store\.redis\) Redis \(redis:\/\/127\.0\.0\.1:9\) cannot be used: .*ECONNREFUSED/,
  )
  await assertFound(found('redis', withRedis({ passwordFile: place.file('wrong') })), /cannot be used: .*WRONGPASS/)
  await assertFound(found('redis', withRedis({ keyPrefix: 'other' })), /cannot be used: .*NOPERM/)
})

test('whether Torhaus starts, and what to do, depends on what Redis says', async () => {
  const away = withRedis({ urls: ['redis://127.0.0.1:9'] })
  assert.match((await advice('redis', away)).join(), /^Torhaus starts, .*: check that it is running/)
  const wrong = withRedis({ passwordFile: place.file('wrong') })
  assert.match((await advice('redis', wrong)).join(), /^Torhaus does not start: check username and passwordFile/)
  const foreign = withRedis({ keyPrefix: 'other' })
  assert.match((await advice('redis', foreign)).join(), /^Torhaus does not start: give the user the rights/)
})

test('a Redis that takes nothing more is named, and so is a clock that differs', async () => {
  await redis.cli('CONFIG', 'SET', 'maxmemory', '1')
  await assertFound(found('redis', withRedis()), /^error \(session\.store\.redis\) Redis does not accept .*OOM/)
  await redis.cli('CONFIG', 'SET', 'maxmemory', '0')
  await assertFound(
    found('redis', withRedis(), { now: () => Date.now() + 600_000 }),
    /^warning \(session\.store\.redis\) the clock of this machine is (59|60|61)\d s ahead of that of Redis/,
  )
})

test('a Redis that evicts, or that would forget at a restart, is named as the log of the service names it', async () => {
  await redis.cli('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
  await redis.cli('CONFIG', 'SET', 'appendonly', 'no')
  const [evicts = '', forgets = '', ...more] = await found('redis', withRedis())
  assert.match(evicts, /^warning \(session\.store\.redis\) maxmemory-policy is allkeys-lru: /)
  assert.match(forgets, /^warning \(session\.store\.redis\) appendonly is off: /)
  assert.deepEqual(more, [])
})
