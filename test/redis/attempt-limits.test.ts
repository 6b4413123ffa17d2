import { openLink, redisSettings } from '../../devkit/redis/redis-lab.ts'
import { startRedis } from '../../devkit/redis/redis-process.ts'
import { RedisAttemptStore } from '../../src/limits/redis-attempt-store.ts'
import { testAttemptLimits } from '../limits/attempt-limits-contract.ts'

testAttemptLimits(async () => {
  const redis = await startRedis()
  const settings = redisSettings([redis.url])
  const [one, other] = [await openLink(settings), await openLink(settings)]
  return {
    stores: [new RedisAttemptStore(one.link, one.names), new RedisAttemptStore(other.link, other.names)],
    clear: async () => void (await redis.cli('FLUSHALL')),
    async close() {
      one.link.close()
      other.link.close()
      await redis.close()
    },
  }
})
