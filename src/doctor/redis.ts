import { openRedisDriver, type RedisSettings } from '../store/redis-driver.ts'
import type { Examination } from './examination.ts'
import { type Finding, NotNow } from './finding.ts'

export const examineRedis: Examination = async ({ config }) => {
  const { kind, redis } = config.session.store
  if (kind !== 'redis' || redis === undefined) throw new NotNow('the store is a file')
  return reachFindings(redis)
}

/** As the service does: connected, with its user, and on its channel. */
async function reachFindings(settings: RedisSettings): Promise<Finding[]> {
  const subscription = {
    channel: `${settings.keyPrefix}:doctor`,
    receive: () => undefined,
    connected: () => undefined,
    random: () => 0,
  }
  try {
    const driver = await openRedisDriver(settings, subscription, new AbortController().signal)
    await driver.close()
    return []
  } catch (error) {
    return [
      {
        what: `Redis cannot be used: ${(error as Error).message}`,
        why: 'Torhaus starts, and nobody can sign in',
        remedy: 'look at urls, username and passwordFile, at tls, and at what the user may (docs/redis.md)',
        ...{ option: 'session.store.redis', severity: 'error' },
      },
    ]
  }
}
