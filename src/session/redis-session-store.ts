/**
 * Sessions in Redis, for several machines. Each session is a hash with a time to live; three indexes find the sessions
 * of an account, of a subject and of a session at the OP. Indexes are in other hash slots, so no transaction covers
 * both: an index entry is written before its session and removed after it, so that a crash in between leaves only an
 * entry that leads nowhere. Losing a whole index does no harm either: ending everything of a person also sets a mark,
 * and each recorded use of a session adds it to the indexes again.
 */
import { storedAccountKey } from '../account-key.ts'
import type { Clock, Surroundings } from '../clock.ts'
import { unavailable } from '../errors.ts'
import type { RedisConnection } from '../store/redis-connection.ts'
import { hashTag, plainTag, type RedisNames } from '../store/redis-names.ts'
import { numberOf, textOf, textsOf } from '../store/redis-reply.ts'
import { endedBy, RedisEndings } from './redis-endings.ts'
import { conditionsOf, type Index, RedisSessionIndexes } from './redis-session-indexes.ts'
import {
  CLAIM,
  CLAIM_REFRESH,
  CREATE,
  DELETE,
  MARK,
  MARK_ONCE,
  SAVE_REFRESH,
  TOUCH,
  UPDATE,
} from './redis-session-scripts.ts'
import { RedisSignIns } from './redis-sign-ins.ts'
import {
  type EndedSession,
  MAX_LEASE_AHEAD_MS,
  type SessionRecord,
  type SessionSelector,
  type SessionStore,
  type SignInRecord,
} from './session-store.ts'
import { readEvidence, writeEvidence } from './stored-evidence.ts'

export interface SessionLifetimes {
  readonly idleTimeoutSeconds: number
  readonly absoluteTimeoutSeconds: number
}

const FIELDS = [
  'subject',
  'sid',
  'account',
  'account-key',
  'evidence',
  'created',
  'born',
  'seen',
  'refreshed',
  'tokens',
] as const
const MEMBERS = { 'account-key': 'accountKey', subject: 'subject', sid: 'opSessionId' } as const

export class RedisSessionStore implements SessionStore {
  readonly #link: RedisConnection
  readonly #names: RedisNames
  readonly #idleMs: number
  readonly #absoluteMs: number
  readonly #now: Clock
  readonly #signIns: RedisSignIns
  readonly #indexes: RedisSessionIndexes
  readonly #endings: RedisEndings

  constructor(
    link: RedisConnection,
    names: RedisNames,
    times: SessionLifetimes,
    { now, monotonic }: Pick<Surroundings, 'now' | 'monotonic'>,
  ) {
    this.#link = link
    this.#names = names
    this.#idleMs = times.idleTimeoutSeconds * 1000
    this.#absoluteMs = times.absoluteTimeoutSeconds * 1000
    this.#now = now
    this.#signIns = new RedisSignIns(link, names, now)
    this.#indexes = new RedisSessionIndexes(link, names, this.#absoluteMs, now)
    this.#endings = new RedisEndings(link, names, this.#absoluteMs, monotonic)
  }

  /** Sessions may have been ended elsewhere. `isAll`: this may be a different Redis. */
  expire(isAll: boolean): void {
    this.#endings.expire(isAll)
  }

  /** The ids of marks set in at least the last minute; see `endedBy` of a session. */
  endedLately(): Promise<ReadonlySet<string>> {
    return this.#endings.lately()
  }

  async createSession(record: SessionRecord): Promise<void> {
    const { key, subject, opSessionId, account, accountKey, createdAtMs, lastSeenAtMs, refreshedAtMs, sealedTokens } =
      record
    const [out] = await Promise.all([this.#indexes.enter(key, createdAtMs, record), this.#endings.fresh()])
    await this.#link.run(
      CREATE,
      [this.#session(key)],
      ...[Math.min(this.#idleMs, this.#absoluteMs), this.#now(), this.#endings.endedAtUs(endedBy(record))],
      ...['subject', subject, 'account', account, 'account-key', accountKey, 'evidence', writeEvidence(record)],
      ...['created', createdAtMs, 'seen', lastSeenAtMs, 'refreshed', refreshedAtMs, 'lease', 0],
      ...(opSessionId === undefined ? [] : ['sid', opSessionId]),
      ...(sealedTokens === undefined ? [] : ['tokens', sealedTokens]),
    )
    await Promise.all(out.map(other => this.#delete(other)))
  }

  async readSession(key: string): Promise<SessionRecord | undefined> {
    const name = this.#session(key)
    const [reply] = await Promise.all([this.#link.call(name, 'HMGET', name, ...FIELDS), this.#endings.fresh()])
    const [subject, sid, account, writtenKey, evidence, created, born, seen, refreshed, tokens] = textsOf(reply)
    if (subject === undefined || account === undefined || writtenKey === undefined) return undefined
    const accountKey = storedAccountKey(writtenKey)
    const ends = endedBy({ accountKey, subject, opSessionId: sid })
    if (bornUs(born, created) <= this.#endings.endedAtUs(ends)) return undefined
    const proven = readEvidence(evidence ?? '')
    if (proven === undefined) return undefined
    return {
      ...proven,
      ...{ key, subject, opSessionId: sid, account, accountKey, sealedTokens: tokens, endedBy: ends },
      createdAtMs: numberOf(created),
      lastSeenAtMs: numberOf(seen),
      refreshedAtMs: numberOf(refreshed),
    }
  }

  async touchSession(key: string, lastSeenAtMs: number): Promise<void> {
    const reply = await this.#link.run(TOUCH, [this.#session(key)], lastSeenAtMs, this.#idleMs, this.#absoluteMs)
    if (!Array.isArray(reply)) return
    const [created, accountKey, subject, sid] = textsOf(reply)
    if (accountKey !== undefined && subject !== undefined)
      await this.#indexes.keep(key, numberOf(created), { accountKey, subject, opSessionId: sid })
  }

  async deleteSession(key: string): Promise<void> {
    await this.#delete(key)
  }

  async sessionsOf(selector: SessionSelector): Promise<SessionRecord[]> {
    const conditions = conditionsOf(selector)
    const [narrowest] = conditions
    if (narrowest === undefined) return []
    const keys = await this.#indexes.keysIn(...narrowest)
    const records = await Promise.all(keys.map(key => this.readSession(key)))
    // Index names are hashes, which could collide.
    return records
      .filter(record => record !== undefined)
      .filter(record => conditions.every(([index, value]) => record[MEMBERS[index]] === value))
      .sort((one, other) => other.createdAtMs - one.createdAtMs)
  }

  async deleteSessions(selector: SessionSelector): Promise<EndedSession[]> {
    const conditions = conditionsOf(selector)
    const [narrowest] = conditions
    if (narrowest === undefined) return []
    // Setting a mark needs memory, deleting does not: if Redis is full, the sessions found are still deleted.
    await this.#endings.mark(selector, this.#now()).catch(unavailable)
    const keys = await this.#indexes.keysIn(...narrowest)
    const ended = await Promise.all(keys.map(key => this.#delete(key, conditions)))
    return ended.filter(session => session !== undefined)
  }

  async claimRefresh(key: string, nowMs: number, leaseMs: number): Promise<boolean> {
    return (await this.#link.run(CLAIM_REFRESH, [this.#session(key)], nowMs, leaseMs, MAX_LEASE_AHEAD_MS)) === 1
  }

  async releaseRefresh(key: string): Promise<void> {
    await this.#link.run(UPDATE, [this.#session(key)], 'lease', 0)
  }

  async saveRefresh(key: string, refreshedAtMs: number, sealedTokens: string, insteadOfMs?: number): Promise<boolean> {
    const args = [insteadOfMs ?? '', refreshedAtMs, sealedTokens]
    const reply = await this.#link.run(SAVE_REFRESH, [this.#session(key)], ...args)
    if (!Array.isArray(reply)) return false
    await this.#endings.fresh()
    const [born, created, accountKey = '', subject = '', opSessionId] = textsOf(reply)
    const ends = endedBy({ accountKey: storedAccountKey(accountKey), subject, opSessionId })
    return bornUs(born, created) > this.#endings.endedAtUs(ends)
  }

  addSignIn(record: SignInRecord, maxPerBrowser: number): Promise<void> {
    return this.#signIns.add(record, maxPerBrowser)
  }

  takeSignIn(state: string): Promise<SignInRecord | undefined> {
    return this.#signIns.take(state)
  }

  async claimOnce(id: string, nowMs: number, untilMs: number): Promise<boolean> {
    return (await this.#link.run(CLAIM, [this.#names.key('claim', hashTag(id))], nowMs, untilMs)) === 1
  }

  async markUntil(id: string, untilMs: number): Promise<void> {
    await this.#link.run(MARK, [this.#mark(id)], untilMs, untilMs - this.#now())
  }

  async markedUntil(id: string): Promise<number | undefined> {
    const name = this.#mark(id)
    const until = await this.#link.call(name, 'GET', name)
    return until === null ? undefined : numberOf(textOf(until))
  }

  async markOnce(id: string, nowMs: number, untilMs: number, most: number): Promise<void> {
    await this.#link.run(MARK_ONCE, [this.#names.key('notes', 'once')], id, untilMs, nowMs, most)
  }

  async markedOnce(id: string): Promise<number | undefined> {
    const name = this.#names.key('notes', 'once')
    const until = await this.#link.call(name, 'HGET', name, id)
    return until === null ? undefined : numberOf(textOf(until))
  }

  /** Nothing to do: Redis expires ended sessions. */
  sweep(): void {}

  /**
   * Also removes its index entries. Undefined if nothing was deleted; then the entries stay, because the session may
   * be about to be written.
   */
  async #delete(key: string, conditions: readonly [Index, string][] = []): Promise<EndedSession | undefined> {
    const reply = await this.#link.run(DELETE, [this.#session(key)], ...conditions.flat())
    if (!Array.isArray(reply)) return undefined
    const [account, accountKey, subject, sid] = textsOf(reply)
    if (account === undefined || accountKey === undefined || subject === undefined) return undefined
    // The session has ended even if this fails.
    await this.#indexes.leave(key, { accountKey, subject, opSessionId: sid })
    return { key, account }
  }

  #mark(id: string): string {
    return this.#names.key('note', hashTag(id))
  }

  #session(key: string): string {
    return this.#names.key('session', plainTag(key))
  }
}

/** Records of earlier versions have no `born`. */
const bornUs = (born: string | undefined, created: string | undefined): number =>
  born === undefined ? numberOf(created) * 1000 : numberOf(born)
