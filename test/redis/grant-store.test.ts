import { after, before } from 'node:test'
import { openLink, redisSettings } from '../../devkit/redis/redis-lab.ts'
import { type RedisProcess, startRedis } from '../../devkit/redis/redis-process.ts'
import { RedisGrantStore } from '../../src/grants/redis-grant-store.ts'
import { NOW_MS, testGrantStore } from '../grants/grant-store-contract.ts'

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
