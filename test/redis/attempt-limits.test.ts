import { RedisAttemptStore } from '../../src/limits/redis-attempt-store.ts'
import { testAttemptLimits } from '../kerberos/attempt-limits-contract.ts'
import { openLink, redisSettings } from './redis-lab.ts'
import { startRedis } from './redis-process.ts'

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
