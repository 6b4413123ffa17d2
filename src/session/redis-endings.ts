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
 * KEYS marks; ARGV now in ms by the clock of the process, lifetime of a mark in ms, ids. Returns the time of the marks
 * in microseconds.
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

/** KEYS marks; ARGV earliest time in microseconds. Returns scores as text in every version of the protocol. */
const READ_ENDED = redisScript(`return redis.call('ZRANGE', KEYS[1], ARGV[1], '+inf', 'BYSCORE', 'WITHSCORES')`)

/** The kind of the key that holds the marks. */
export const SESSIONS_ENDED = 'sessions-ended'

/** How long the copy is considered current. */
const FRESH_MS = 1000
/** Re-read each time: a replica promoted to master may have lost the latest marks, and its clock may differ. */
const OVERLAP_US = 60_000_000

export class RedisEndings {
  readonly #link: RedisConnection
  readonly #name: string
  readonly #countsForUs: number
  readonly #monotonic: MonotonicClock
  readonly #marks = new Map<string, number>()
  /** The time of the latest mark read. */
  #latestUs = 0
  #readAtMs = Number.NEGATIVE_INFINITY
  #reading: Promise<ReadonlySet<string>> | undefined
  /** Number of calls of `expire`: a read that began before the latest call is out of date. */
  #expired = 0

  constructor(link: RedisConnection, names: RedisNames, countsForMs: number, monotonic: MonotonicClock) {
    this.#link = link
    this.#name = names.key(SESSIONS_ENDED, 'all')
    this.#countsForUs = countsForMs * 1000
    this.#monotonic = monotonic
  }

  /** Ends all current sessions of a person. A logout that names only a session at the OP relies on its index. */
  async mark(selector: SessionSelector, nowMs: number): Promise<void> {
    const ids = idsOf(selector)
    if (ids.length === 0) return
    const atUs = numberOf(
      textOf(await this.#link.run(MARK_ENDED, [this.#name], nowMs, this.#countsForUs / 1000, ...ids)),
    )
    // `#latestUs` stays unchanged: there may be earlier marks that this process has not read yet.
    for (const id of ids) this.#marks.set(id, atUs)
  }

  /** Resolves once the copy is current; undefined if it already is. */
  fresh(): Promise<unknown> | undefined {
    if (this.#monotonic() - this.#readAtMs < FRESH_MS) return undefined
    return this.#reading ?? this.#begin()
  }

  /** For when new marks are reported: reads them. Resolves to at least the ids marked in the last minute. */
  lately(): Promise<ReadonlySet<string>> {
    this.expire(false)
    return this.#begin()
  }

  /** Marks the copy as outdated. `isAll`: all marks are read again, because this may be a different Redis. */
  expire(isAll: boolean): void {
    this.#readAtMs = Number.NEGATIVE_INFINITY
    if (isAll) this.#latestUs = 0
    this.#expired++
    this.#reading = undefined
  }

  /** The latest mark of these ids, in microseconds; 0 if there is none. */
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

/** The ids of the marks that can end a session. */
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
