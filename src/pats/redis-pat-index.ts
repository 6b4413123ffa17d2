/**
 * All personal access tokens by last use, the blocked ones above, and when each was used last to the minute. They lie in
 * shards by fingerprint: one key for all would lie on one node of a cluster. Only what looks at all tokens asks each
 * shard: the sweep, and the count of those that nobody recognises.
 *
 * Versions before had one index, and may still write to it beside this one: what is in there is taken over at each sweep.
 */
import { createHash } from 'node:crypto'
import type { RedisConnection } from '../store/redis-connection.ts'
import type { RedisNames } from '../store/redis-names.ts'
import { numberOf, textOf, textsOf } from '../store/redis-reply.ts'
import { redisScript } from '../store/redis-script.ts'

/** Not to be changed: a fingerprint stays in its shard. */
const SHARDS = 16
/** Above any time in ms: blocked tokens stand behind all others. */
const BLOCKED_SCORE = 2 ** 52
/** Tokens taken over at a time. */
const BATCH = 500

/** KEYS index; ARGV the highest place. As texts, whatever the version of the protocol. */
const OLDEST = redisScript(`return redis.call('ZRANGE', KEYS[1], 0, ARGV[1], 'WITHSCORES')`)

interface Shard {
  /** Sorted set: fingerprints by last use as it was recorded. */
  readonly index: string
  /** Hash: when each was used last. */
  readonly uses: string
}

export class RedisPatIndex {
  readonly #link: RedisConnection
  readonly #shards: readonly Shard[]
  /** That of versions before. */
  readonly #one: string
  readonly #pat: (fingerprint: string) => string

  /** `pat`: the key of what is known of a token. */
  constructor(link: RedisConnection, names: RedisNames, pat: (fingerprint: string) => string) {
    this.#link = link
    this.#pat = pat
    this.#one = names.key('pats', 'all')
    this.#shards = Array.from({ length: SHARDS }, (_, shard) => ({
      index: names.key('pats', String(shard)),
      uses: names.key('pat-uses', String(shard)),
    }))
  }

  /** A use never takes a blocked one down. */
  async seen(fingerprint: string, atMs: number): Promise<void> {
    const { index } = this.#shardOf(fingerprint)
    await this.#link.call(index, 'ZADD', index, 'GT', String(atMs), fingerprint)
  }

  async place(fingerprint: string, lastSeenAtMs: number, isBlocked: boolean): Promise<void> {
    const { index } = this.#shardOf(fingerprint)
    await this.#link.call(index, 'ZADD', index, String(lastSeenAtMs + (isBlocked ? BLOCKED_SCORE : 0)), fingerprint)
  }

  /** One command a shard. */
  async note(lastSeenAtMs: ReadonlyMap<string, number>): Promise<void> {
    const byShard = Map.groupBy(lastSeenAtMs, ([fingerprint]) => this.#shardOf(fingerprint).uses)
    await Promise.all(
      Array.from(byShard, ([uses, noted]) => this.#link.call(uses, 'HSET', uses, ...noted.flat().map(String))),
    )
  }

  /** 0: never. */
  async notedAtMs(fingerprint: string): Promise<number> {
    const { uses } = this.#shardOf(fingerprint)
    const atMs = await this.#link.call(uses, 'HGET', uses, fingerprint)
    return atMs === null ? 0 : numberOf(textOf(atMs))
  }

  /** Returns how many places became free. */
  async leave(fingerprint: string): Promise<number> {
    const { index, uses } = this.#shardOf(fingerprint)
    const [freed] = await Promise.all([
      this.#link.call(index, 'ZREM', index, fingerprint),
      this.#link.call(uses, 'HDEL', uses, fingerprint),
    ])
    return Number(freed)
  }

  async blocked(): Promise<string[]> {
    const range = (index: string) => this.#range(index, String(BLOCKED_SCORE), '+inf', 'BYSCORE')
    return [...new Set((await Promise.all([this.#one, ...this.#indexes].map(range))).flat())]
  }

  /** About `most` of those that were not seen since then, as many of each shard; none where there are none. */
  async unseenSince(atMs: number, most: number): Promise<string[]> {
    const ofEach = String(Math.ceil(most / SHARDS))
    const range = (index: string) => this.#range(index, '-inf', `(${atMs}`, 'BYSCORE', 'LIMIT', '0', ofEach)
    return (await Promise.all(this.#indexes.map(range))).flat()
  }

  async count(): Promise<number> {
    const counts = await Promise.all(this.#indexes.map(index => this.#link.call(index, 'ZCARD', index)))
    return counts.reduce<number>((sum, count) => sum + Number(count), 0)
  }

  /** Those seen longest ago of all, then the blocked ones. */
  async oldest(count: number): Promise<string[]> {
    const ofShards = await Promise.all(
      this.#indexes.map(async index => pairsOf(textsOf(await this.#link.run(OLDEST, [index], count - 1)))),
    )
    const all = ofShards.flat().sort((one, other) => one.score - other.score)
    return all.slice(0, count).map(({ fingerprint }) => fingerprint)
  }

  /** What versions before have written to their index. A crash in between leaves a token in both. */
  async takeOver(): Promise<void> {
    for (;;) {
      const found = await this.#range(this.#one, '0', String(BATCH - 1))
      if (found.length === 0) return
      await Promise.all(found.map(fingerprint => this.#takeOver(fingerprint)))
      await this.#link.call(this.#one, 'ZREM', this.#one, ...found)
    }
  }

  /** By what is known of the token: they may have blocked it, or allowed it again. */
  async #takeOver(fingerprint: string): Promise<void> {
    const pat = this.#pat(fingerprint)
    const [last, blocked] = textsOf(await this.#link.call(pat, 'HMGET', pat, 'last', 'blocked'))
    if (last !== undefined) await this.place(fingerprint, numberOf(last), blocked !== undefined)
  }

  async #range(index: string, ...args: readonly string[]): Promise<string[]> {
    return textsOf(await this.#link.call(index, 'ZRANGE', index, ...args)).map(textOf)
  }

  get #indexes(): readonly string[] {
    return this.#shards.map(({ index }) => index)
  }

  #shardOf(fingerprint: string): Shard {
    const [byte = 0] = createHash('sha256').update(fingerprint).digest()
    return this.#shards[byte % SHARDS] as Shard
  }
}

function pairsOf(flat: readonly (string | undefined)[]): { fingerprint: string; score: number }[] {
  const pairs: { fingerprint: string; score: number }[] = []
  for (let at = 0; at < flat.length; at += 2)
    pairs.push({ fingerprint: textOf(flat[at]), score: numberOf(flat[at + 1]) })
  return pairs
}
