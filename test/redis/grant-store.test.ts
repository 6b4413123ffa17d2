import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openLink, PREFIX, redisSettings } from '../../devkit/redis/redis-lab.ts'
import { type RedisProcess, startRedis } from '../../devkit/redis/redis-process.ts'
import { RedisGrantStore } from '../../src/grants/redis-grant-store.ts'
import { hashTag } from '../../src/store/redis-names.ts'
import { NOW_MS, sampleGrant, sampleRequest, testGrantStore } from '../grants/grant-store-contract.ts'

let redis: RedisProcess
before(async () => {
  redis = await startRedis()
})
after(() => redis.close())

testGrantStore(async () => {
  await redis.cli('FLUSHALL')
  const settings = redisSettings([redis.url])
  const [one, other] = [await openLink(settings), await openLink(settings)]
  return {
    stores: [
      new RedisGrantStore(one.link, one.names, () => NOW_MS),
      new RedisGrantStore(other.link, other.names, () => NOW_MS),
    ],
    async close() {
      one.link.close()
      other.link.close()
    },
  }
})

test('members of an earlier version are stored as it knows them, and new ones beside: versions before and after read what the other has written', async () => {
  await redis.cli('FLUSHALL')
  const { link, names } = await openLink(redisSettings([redis.url]))
  try {
    const store = new RedisGrantStore(link, names, () => NOW_MS)
    const { accountKey, ...rest } = sampleRequest()
    const written = { v: 1, account: accountKey, ...rest, cover: 'repositories read /' }
    const tag = hashTag(accountKey)
    const scope = `${rest.clientClass} ${rest.network}`
    await store.openRequest(sampleRequest(), NOW_MS)
    const requests = `${PREFIX}:1:grant-requests:{${tag}}`
    assert.deepEqual(JSON.parse(await redis.cli('HGET', requests, scope)), JSON.parse(JSON.stringify(written)))
    const pointer = `${PREFIX}:1:grant-code:{${hashTag(rest.code)}}`
    assert.deepEqual(JSON.parse(await redis.cli('GET', pointer)), { v: 1, account: accountKey, scope })
    await store.confirm(rest.code, sampleGrant())
    const { accountKey: _, confirmations, ...grant } = sampleGrant()
    const [newest] = confirmations
    assert.ok(newest)
    const { grantedAtMs, expiresAtMs, evidence } = newest
    const { acr, authTime } = evidence
    const known = { v: 1, account: accountKey, ...grant, acr, authTime, grantedAtMs, expiresAtMs }
    const binding = 'signature'
    const beside = { confirmations: [{ cover: 'repositories read /', binding, grantedAtMs, expiresAtMs, ...evidence }] }
    const grants = `${PREFIX}:1:grants:{${tag}}`
    assert.deepEqual(JSON.parse(await redis.cli('HGET', grants, scope)), { ...known, ...beside })
    await redis.cli('HSET', grants, scope, JSON.stringify(known))
    const judgedBy = { acr, acrs: [], amr: [], authTime }
    const expected = { ...newest, cover: undefined, evidence: judgedBy, binding: undefined }
    assert.deepEqual(await store.findGrant(sampleGrant()), sampleGrant({ confirmations: [expected] }))
  } finally {
    link.close()
  }
})
