/** Where the Torhauses of a run keep sessions, tokens and all that they share. */
import { type RedisProcess, startRedis } from '../../devkit/redis/redis-process.ts'

export const STORE_KINDS = ['sqlite', 'redis'] as const
export type StoreKind = (typeof STORE_KINDS)[number]

/** What all keys of the Torhauses begin with. */
export const REDIS_PREFIX = 'torhaus'

interface RedisCounts {
  /** Executed since the start, those inside scripts too; without those that ask for these counts. */
  readonly commands: number
  /** Processor time of the server, microseconds. */
  readonly cpuUs: number
}

export interface LabRedis extends Pick<RedisProcess, 'url' | 'close'> {
  counts(): Promise<RedisCounts>
}

/** On the core of the load, which this process is on. */
export async function startLabRedis(): Promise<LabRedis> {
  const { url, cli, close } = await startRedis()
  return { url, close, counts: async () => countsIn(await cli('INFO', 'all')) }
}

/** Of the sections `commandstats` and `cpu` of INFO. */
export function countsIn(info: string): RedisCounts {
  const calls = [...info.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(([, name, count]) => ({ name, count }))
  const seconds = [...info.matchAll(/^used_cpu_(?:sys|user):([\d.]+)/gm)].map(([, text]) => Number(text))
  if (calls.length === 0 || seconds.length < 2) throw new Error('Redis does not tell its counts')
  return {
    commands: calls.reduce((sum, { name, count }) => sum + (name === 'info' ? 0 : Number(count)), 0),
    cpuUs: Math.round(seconds.reduce((sum, part) => sum + part, 0) * 1e6),
  }
}
