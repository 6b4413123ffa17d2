/**
 * Marks for people all of whose sessions have ended, with the time. Sessions to delete are found through indexes, and
 * an index can be lost. So "everything of this person" is also stored as a mark, and a session opened before the mark
 * is invalid, whether or not it was found.
 *
 * A process keeps a copy of the marks and asks only for new ones: once a second while sessions are read, however many
 * there are. Marks older than any session can be are forgotten. Times are those of Redis, in microseconds, so that a
 * sign-in right after a mark is not affected, and each mark is later than all before it.
 */
import type { MonotonicClock } from '../clock.ts'
import type { RedisConnection } from '../store/redis-connection.ts'
import { hashTag, type RedisNames } from '../store/redis-names.ts'
import { numberOf, textOf, textsOf } from '../store/redis-reply.ts'
import { redisScript } from '../store/redis-script.ts'
import type { SessionRecord, SessionSelector } from './session-store.ts'

/**
 * KEYS marks; ARGV now in ms by the clock of the process, how long a mark counts in ms, ids. Returns its time in
 * microseconds.
 */
const MARK_ENDED = redisScript(`
local function exact(number) return string.format('%.0f', number) end
local time = redis.pcall('TIME')
local at = tonumber(ARGV[1]) * 1000
if not time.err then at = tonumber(time[1]) * 1000000 + tonumber(time[2]) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', exact(at - tonumber(ARGV[2]) * 1000))
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
if last[2] and tonumber(last[2]) >= at then at = tonumber(last[2]) + 1 end
for i = 3, #ARGV do redis.call('ZADD', KEYS[1], exact(at), ARGV[i]) end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return exact(at)`)

/** KEYS marks; ARGV since when. As texts, whatever the version of the protocol. */
const READ_ENDED = redisScript(`return redis.call('ZRANGE', KEYS[1], ARGV[1], '+inf', 'BYSCORE', 'WITHSCORES')`)

/** The kind of the key that has the marks. */
export const SESSIONS_ENDED = 'sessions-ended'

/** So long the copy is believed. */
const FRESH_MS = 1000
/** Asked for again each time: a replica that has become master may have lost the last ones, and go by another clock. */
const OVERLAP_US = 60_000_000

export class RedisEndings {
  readonly #link: RedisConnection
  readonly #name: string
  readonly #countsForUs: number
  readonly #monotonic: MonotonicClock
  readonly #marks = new Map<string, number>()
  /** Of those that were read. */
  #latestUs = 0
  #readAtMs = Number.NEGATIVE_INFINITY
  #reading: Promise<ReadonlySet<string>> | undefined
  /** How often `expire` was called: what was asked for before the last time is too old. */
  #expired = 0

  constructor(link: RedisConnection, names: RedisNames, countsForMs: number, monotonic: MonotonicClock) {
    this.#link = link
    this.#name = names.key(SESSIONS_ENDED, 'all')
    this.#countsForUs = countsForMs * 1000
    this.#monotonic = monotonic
  }

  /** All that a person has until now. A logout that names but a session goes by its index alone. */
  async mark(selector: SessionSelector, nowMs: number): Promise<void> {
    const ids = idsOf(selector)
    if (ids.length === 0) return
    const atUs = numberOf(
      textOf(await this.#link.run(MARK_ENDED, [this.#name], nowMs, this.#countsForUs / 1000, ...ids)),
    )
    // There may be earlier ones that this process does not know yet: reading goes on where it was.
    for (const id of ids) this.#marks.set(id, atUs)
  }

  /** Resolves once the copy is young enough. */
  fresh(): Promise<unknown> | undefined {
    if (this.#monotonic() - this.#readAtMs < FRESH_MS) return undefined
    return this.#reading ?? this.#begin()
  }

  /** There are others, somebody says. Resolves to the ids of those of the last minute, at least. */
  lately(): Promise<ReadonlySet<string>> {
    this.expire(false)
    return this.#begin()
  }

  /** The next session is judged by what Redis says from now on. `isAll`: whatever was read before may be another's. */
  expire(isAll: boolean): void {
    this.#readAtMs = Number.NEGATIVE_INFINITY
    if (isAll) this.#latestUs = 0
    this.#expired++
    this.#reading = undefined
  }

  /** When one of these ended last, in microseconds; 0: never. */
  endedAtUs(ids: readonly string[]): number {
    let endedAtUs = 0
    for (const id of ids) endedAtUs = Math.max(endedAtUs, this.#marks.get(id) ?? 0)
    return endedAtUs
  }

  #begin(): Promise<ReadonlySet<string>> {
    const reading = this.#read().finally(() => {
      if (this.#reading === reading) this.#reading = undefined
    })
    this.#reading = reading
    return reading
  }

  async #read(): Promise<ReadonlySet<string>> {
    const [expired, askedAtMs] = [this.#expired, this.#monotonic()]
    const sinceUs = Math.max(0, this.#latestUs - OVERLAP_US)
    const reply = textsOf(await this.#link.run(READ_ENDED, [this.#name], sinceUs))
    const ids = new Set<string>()
    for (let index = 0; index < reply.length; index += 2) {
      const id = textOf(reply[index])
      ids.add(id)
      this.#learn(id, numberOf(reply[index + 1]))
    }
    this.#forgetOld()
    if (expired === this.#expired) this.#readAtMs = askedAtMs
    return ids
  }

  #learn(id: string, atUs: number): void {
    this.#marks.set(id, Math.max(atUs, this.#marks.get(id) ?? 0))
    this.#latestUs = Math.max(atUs, this.#latestUs)
  }

  #forgetOld(): void {
    for (const [id, atUs] of this.#marks) if (atUs < this.#latestUs - this.#countsForUs) this.#marks.delete(id)
  }
}

/** What can end a session with everything of its person. */
export function endedBy({ accountKey, subject, opSessionId }: Ended): readonly string[] {
  const selectors: SessionSelector[] = [{ accountKey }, { subject }]
  if (opSessionId !== undefined) selectors.push({ subject, opSessionId })
  return selectors.flatMap(idsOf)
}

type Ended = Pick<SessionRecord, 'accountKey' | 'subject' | 'opSessionId'>

function idsOf({ accountKey, subject, opSessionId }: SessionSelector): readonly string[] {
  if (accountKey !== undefined) return [hashTag(JSON.stringify(['account', accountKey]))]
  if (subject === undefined) return []
  return [hashTag(JSON.stringify(['subject', subject, ...(opSessionId === undefined ? [] : [opSessionId])]))]
}
