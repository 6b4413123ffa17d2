/** How a Redis is set up, as the log tells at the start: what may lose something, and what to do about it. */
import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { openLink, redisSettings } from '../../devkit/redis/redis-lab.ts'
import { type RedisProcess, startRedis } from '../../devkit/redis/redis-process.ts'
import { RedisNames } from '../../src/store/redis-names.ts'
import { RedisSetUp } from '../../src/store/redis-set-up.ts'
import { documentedUser } from './documented-user.ts'
import { startSharedLabs } from './shared-labs.ts'

let redis: RedisProcess

before(async () => {
  redis = await startRedis({ lines: ['appendonly yes', 'maxmemory-policy noeviction'] })
  await redis.cli('SET', 'untouched', '1')
})
afterEach(async () => {
  await redis.cli('CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
  await redis.cli('ACL', 'SETUSER', 'default', '+@all')
})
after(() => redis.close())

async function findings(): Promise<{ codes: string[]; texts: string }> {
  const { link, names } = await openLink(redisSettings([redis.url]))
  try {
    const found = await new RedisSetUp(link, names).findings()
    return { codes: found.map(({ code }) => code), texts: JSON.stringify(found) }
  } finally {
    await link.close()
  }
}

test('one that is set up as documented has nothing to tell, and nothing of the check stays in it', async () => {
  assert.deepEqual((await findings()).codes, [])
  assert.equal(await redis.cli('KEYS', '*'), 'untouched')
})

test('the user of the documented ACL may do everything, and see how Redis is set up', async () => {
  const line = (await documentedUser('pass')).replace('user torhaus', '').trim().split(' ')
  await redis.cli('ACL', 'SETUSER', 'torhaus', ...line.map(rule => rule.replaceAll('torhaus:1:', 'torhaus-test:1:')))
  const { link, names } = await openLink(redisSettings([redis.url.replace('redis://', 'redis://torhaus:pass@')]))
  try {
    assert.deepEqual(await new RedisSetUp(link, names).findings(), [])
  } finally {
    await link.close()
  }
})

const FAULTS: readonly (readonly [string, readonly string[], RegExp])[] = [
  ['redis-eviction', ['CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru'], /allkeys-lru.*noeviction/],
  ['redis-acl', ['ACL', 'SETUSER', 'default', '-getdel', '-zadd'], /GETDEL, ZADD.*\+getdel \+zadd/],
  ['redis-time', ['ACL', 'SETUSER', 'default', '-time'], /\+time/],
  ['redis-unseen', ['ACL', 'SETUSER', 'default', '-info'], /\+info/],
]
for (const [code, command, text] of FAULTS)
  test(`${code} is told, with the remedy, and is all that is told`, async () => {
    await redis.cli(...command)
    const found = await findings()
    assert.deepEqual(found.codes, [code])
    assert.match(found.texts, text)
  })

test('a version that lacks what is needed, and a replica, are told from what Redis says of itself', async () => {
  const saying = (info: string) => ({ call: async (_: string, command: string) => (command === 'INFO' ? info : '1') })
  const found = await new RedisSetUp(
    saying('# Server\r\nredis_version:6.0.16\r\nrole:slave\r\nrdb_last_bgsave_status:err\r\nconnected_slaves:1\r\n'),
    new RedisNames('torhaus-test'),
  ).findings()
  assert.deepEqual(
    found.map(({ code, severity }) => `${code} ${severity}`),
    ['redis-version refused', 'redis-persistence-failed warning', 'redis-replica warning', 'redis-replication warning'],
  )
})

test('the log tells it at the start, once, and people can work', async () => {
  await redis.cli('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
  const shared = await startSharedLabs(1, { urls: [redis.url] })
  try {
    const [lab] = shared.labs
    const told = lab?.fixture.log.filter(record => record['event.action'] === 'store-check')
    assert.deepEqual(
      told?.map(record => record['torhaus.finding']),
      ['redis-eviction'],
    )
    assert.match(String(told?.[0]?.['torhaus.remedy']), /noeviction/)
    const person = await lab?.person()
    assert.equal((await person?.send(`${lab?.fixture.url}/`))?.status, 200)
  } finally {
    await shared.close()
  }
})
