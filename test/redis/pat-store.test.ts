import { after, before } from 'node:test'
import { RedisPatStore } from '../../src/credentials/redis-pat-store.ts'
import { testPatStore } from '../credentials/pat-store-contract.ts'
import { openLink, redisSettings } from './redis-lab.ts'
import { type RedisProcess, startRedis } from './redis-process.ts'

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
