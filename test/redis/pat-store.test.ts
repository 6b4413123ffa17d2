import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openLink, PREFIX, redisSettings } from '../../devkit/redis/redis-lab.ts'
import { type RedisProcess, startRedis } from '../../devkit/redis/redis-process.ts'
import { storedAccountKey } from '../../src/account-key.ts'
import { RedisPatStore } from '../../src/pats/redis-pat-store.ts'
import { samplePat, testPatStore } from '../pats/pat-store-contract.ts'

const ADA = storedAccountKey('ada')

let redis: RedisProcess
before(async () => {
  redis = await startRedis()
})
after(() => redis.close())

testPatStore(async () => {
  await redis.cli('FLUSHALL')
  const settings = redisSettings([redis.url])
  const [one, other] = [await openLink(settings), await openLink(settings)]
  return {
    stores: [new RedisPatStore(one.link, one.names), new RedisPatStore(other.link, other.names)],
    async close() {
      one.link.close()
      other.link.close()
    },
  }
})

test('a blocked token whose place among the blocked ones was lost is not forgotten, and gets its place back', async () => {
  await redis.cli('FLUSHALL')
  const { link, names } = await openLink(redisSettings([redis.url]))
  try {
    const store = new RedisPatStore(link, names)
    await store.recordUses([samplePat({ accountKey: ADA })])
    await store.blockPat(ADA, 'fingerprint-1', true)
    // As if the process had died between the two writes.
    await redis.cli('ZADD', `${PREFIX}:1:pats:{all}`, '1', 'fingerprint-1')
    await store.sweepPats(Number.MAX_SAFE_INTEGER, 100)
    assert.equal((await store.readPat('fingerprint-1'))?.isBlocked, true)
    assert.ok(Number(await redis.cli('ZSCORE', `${PREFIX}:1:pats:{all}`, 'fingerprint-1')) >= 2 ** 52)
  } finally {
    link.close()
  }
})
