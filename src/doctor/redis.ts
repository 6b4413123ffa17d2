import { causeChain } from '../cause-chain.ts'
import type { Clock } from '../clock.ts'
import { isRefusal, replyCode } from '../store/redis-condition.ts'
import { openRedisDriver, type RedisDriver, type RedisSettings } from '../store/redis-driver.ts'
import { startOfNames } from '../store/redis-names.ts'
import { redisSetUpFindings } from '../store/redis-set-up.ts'
import type { Examination } from './examination.ts'
import { type Finding, Skipped } from './finding.ts'
import { setUpFindings } from './set-up-findings.ts'

const OPTION = 'session.store.redis'
const PROBE_LIFE_MS = '10000'
/** As `store-clock` is logged. */
const CLOCK_TOLERANCE_MS = 5000

/** Redis, by the connection, user, channel and commands of the service. */
export const examineRedis: Examination = async ({ config, now }) => {
  const { kind, redis } = config.session.store
  if (kind !== 'redis' || redis === undefined) throw new Skipped('the store is a file')
  const start = startOfNames(redis.keyPrefix)
  let driver: RedisDriver
  try {
    driver = await openRedisDriver(redis, subscriptionOf(start), AbortSignal.timeout(redis.connectTimeoutMs))
  } catch (error) {
    return [unreachable(redis, error as Error)]
  }
  try {
    const link = { call: (key: string, ...command: readonly string[]) => driver.send(key, command) }
    return [
      ...(await writeFindings(driver, `${start}probe:{doctor}`)),
      ...(await clockFindings(driver, start, now)),
      ...setUpFindings(await redisSetUpFindings(link, redis.keyPrefix), OPTION),
    ]
  } finally {
    await driver.close()
  }
}

const subscriptionOf = (start: string) => ({
  channel: `${start}changes`,
  receive: () => undefined,
  connected: () => undefined,
  random: () => 0,
})

const CHECK_PASSWORD =
  'check username and passwordFile: a space at the end of the file is part of the password, the end of its line is not'

/** By the code of the reply. */
const REMEDIES: Readonly<Record<string, string>> = {
  WRONGPASS: CHECK_PASSWORD,
  NOAUTH: CHECK_PASSWORD,
  NOPERM: 'give the user the rights in docs/redis.md, or name another keyPrefix or user',
}

const unreachable = ({ urls }: RedisSettings, error: Error): Finding => ({
  what: `Redis (${urls.join(', ')}) cannot be used: ${causeChain(error)}`,
  why: isRefusal(error) ? 'Torhaus does not start' : 'Torhaus starts, but nobody can sign in',
  remedy:
    REMEDIES[replyCode(error) ?? ''] ??
    'check that it is running there, and firewalls in between. Certificates: check tls.caFile and tls.serverName',
  ...{ option: OPTION, severity: 'error' },
})

/** Reading works on a replica, and where it is full, too. */
async function writeFindings(driver: RedisDriver, key: string): Promise<Finding[]> {
  const said = await driver.send(key, ['SET', key, '1', 'PX', PROBE_LIFE_MS]).then(
    () => undefined,
    (error: Error) => error.message,
  )
  if (said === undefined) return []
  return [
    {
      what: `Redis does not accept writes: ${said}`,
      why: 'nobody can sign in, and a sign-out is kept only in memory',
      remedy:
        'OOM: give it more memory, with maxmemory-policy noeviction. READONLY: use the address of the master. MISCONF: check its disk. NOPERM: see the user in docs/redis.md',
      ...{ option: OPTION, severity: 'error' },
    },
  ]
}

async function clockFindings(driver: RedisDriver, key: string, now: Clock): Promise<Finding[]> {
  const time = await driver.send(key, ['TIME']).catch(() => undefined)
  const seconds = Array.isArray(time) ? Number(time[0]) : Number.NaN
  const aheadMs = now() - seconds * 1000
  if (Number.isNaN(seconds) || Math.abs(aheadMs) <= CLOCK_TOLERANCE_MS) return []
  return [
    {
      what: `the clock of this machine is ${Math.round(Math.abs(aheadMs) / 1000)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} that of Redis`,
      why: 'sessions end that much earlier or later, depending on the machine',
      remedy: 'synchronize all machines with the same time source (chrony, systemd-timesyncd)',
      ...{ option: OPTION, severity: 'warning' },
    },
  ]
}
