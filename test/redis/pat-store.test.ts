import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openLink, PREFIX, redisSettings } from '../../devkit/redis/redis-lab.ts'
import { type RedisProcess, startRedis } from '../../devkit/redis/redis-process.ts'
import { storedAccountKey } from '../../src/account-key.ts'
import { RedisPatStore } from '../../src/pats/redis-pat-store.ts'
import { hashTag } from '../../src/store/redis-names.ts'
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
    await store.blockPat(ADA, 'fingerprint-1', true, 1)
    // As if the process had died between the two writes.
    const index = await indexOf('fingerprint-1')
    await redis.cli('ZADD', index, '1', 'fingerprint-1')
    await store.sweepPats(Number.MAX_SAFE_INTEGER, 100)
    assert.equal((await store.readPat('fingerprint-1'))?.isBlocked, true)
    assert.ok(Number(await redis.cli('ZSCORE', index, 'fingerprint-1')) >= 2 ** 52)
  } finally {
    link.close()
  }
})

test('tokens are spread over sixteen indexes, in as many hash slots', async () => {
  await redis.cli('FLUSHALL')
  const { link, names } = await openLink(redisSettings([redis.url]))
  try {
    const fingerprints = Array.from({ length: 400 }, (_, index) => `fingerprint-${index}`)
    await new RedisPatStore(link, names).recordUses(fingerprints.map(fingerprint => samplePat({ fingerprint })))
    const indexes = await allIndexes()
    assert.equal(indexes.length, 16)
    const counts = await Promise.all(indexes.map(async index => Number(await redis.cli('ZCARD', index))))
    assert.equal(
      counts.reduce((sum, count) => sum + count),
      400,
    )
    assert.ok(Math.max(...counts) < 60, String(counts))
  } finally {
    link.close()
  }
})

test('tokens of versions before, which had one index, are found, counted among the blocked, bounded and forgotten as all are', async () => {
  await redis.cli('FLUSHALL')
  const { link, names } = await openLink(redisSettings([redis.url]))
  const old = `${PREFIX}:1:pats:{all}`
  /** What such a version writes when it sees, and blocks or allows, a token. */
  const asBefore = async (fingerprint: string, atMs: number, isBlocked: boolean) => {
    const key = `${PREFIX}:1:pat:{${fingerprint}}`
    await redis.cli('HSET', key, 'first', String(atMs), 'last', String(atMs), 'account', ADA)
    await redis.cli(...(isBlocked ? ['HSET', key, 'blocked', '1'] : ['HDEL', key, 'blocked']))
    await redis.cli('ZADD', old, String(atMs + (isBlocked ? 2 ** 52 : 0)), fingerprint)
    await redis.cli('ZADD', `${PREFIX}:1:pats-of:{${hashTag(ADA)}}`, String(atMs), fingerprint)
  }
  try {
    const store = new RedisPatStore(link, names)
    await asBefore('f1', 1000, false)
    await asBefore('f2', 2000, true)
    await store.recordUses([samplePat({ fingerprint: 'f3', accountKey: ADA, lastSeenAtMs: 3000 })])
    assert.deepEqual(await store.blockedPats(), ['f2'])
    assert.equal((await store.readPat('f2'))?.isBlocked, true)
    await store.sweepPats(0, 100)
    assert.equal(await redis.cli('EXISTS', old), '0')
    assert.deepEqual(await store.blockedPats(), ['f2'])
    // It goes on beside this one, and allows what was blocked.
    await asBefore('f2', 4000, false)
    await asBefore('f3', 5000, true)
    await store.sweepPats(0, 100)
    assert.deepEqual(await store.blockedPats(), ['f3'])
    await store.sweepPats(0, 2)
    const left = (await store.patsOf(ADA)).map(({ fingerprint }) => fingerprint)
    assert.deepEqual(left, ['f3', 'f2'])
    await store.sweepPats(4001, 100)
    assert.equal(await store.readPat('f2'), undefined)
    assert.equal((await store.readPat('f3'))?.isBlocked, true)
  } finally {
    link.close()
  }
})

const allIndexes = async () => (await redis.cli('KEYS', `${PREFIX}:1:pats:*`)).split('\n')

async function indexOf(fingerprint: string): Promise<string> {
  for (const index of await allIndexes()) if ((await redis.cli('ZSCORE', index, fingerprint)) !== '') return index
  return assert.fail(`${fingerprint} is in no index`)
}
