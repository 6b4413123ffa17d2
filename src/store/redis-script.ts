import { createHash } from 'node:crypto'

/** A Lua script (EVAL), known to Redis by its SHA-1. */
export interface RedisScript {
  readonly source: string
  readonly sha: string
}

export const redisScript = (source: string): RedisScript => ({
  source,
  sha: createHash('sha1').update(source).digest('hex'),
})
