import { after, before } from 'node:test'
import { openLink, redisSettings } from '../../devkit/redis/redis-lab.ts'
import { type RedisProcess, startRedis } from '../../devkit/redis/redis-process.ts'
import { RedisPatConfirmationStore } from '../../src/pats/redis-pat-confirmation-store.ts'
import { testPatConfirmationStore } from '../pats/pat-confirmation-store-contract.ts'

let redis: RedisProcess
before(async () => {
  redis = await startRedis()
})
after(() => redis.close())

testPatConfirmationStore(async () => {
  await redis.cli('FLUSHALL')
  const settings = redisSettings([redis.url])
  const [one, other] = [await openLink(settings), await openLink(settings)]
  return {
    stores: [
      new RedisPatConfirmationStore(one.link, one.names),
      new RedisPatConfirmationStore(other.link, other.names),
    ],
    async close() {
      one.link.close()
      other.link.close()
    },
  }
})
