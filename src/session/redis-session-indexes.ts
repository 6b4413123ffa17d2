/** Indexes of sessions by account, subject, and session at the OP: sorted sets, each in its own hash slot. */
import type { Clock } from '../clock.ts'
import type { RedisConnection } from '../store/redis-connection.ts'
import { hashTag, type RedisNames } from '../store/redis-names.ts'
import { textOf, textsOf } from '../store/redis-reply.ts'
import { ADD_TO_INDEX } from './redis-session-scripts.ts'
import { MAX_SESSIONS_PER_ACCOUNT, type SessionSelector } from './session-store.ts'

export type Index = 'account-key' | 'subject' | 'sid'

/** The values a session is indexed by. */
interface Entered {
  readonly accountKey: string
  readonly subject: string
  readonly opSessionId: string | undefined
}

export class RedisSessionIndexes {
  readonly #link: RedisConnection
  readonly #names: RedisNames
  readonly #absoluteMs: number
  readonly #now: Clock

  constructor(link: RedisConnection, names: RedisNames, absoluteMs: number, now: Clock) {
    this.#link = link
    this.#names = names
    this.#absoluteMs = absoluteMs
    this.#now = now
  }

  /** Idempotent. Returns the sessions of the account that must be deleted to make room. */
  async enter(key: string, createdAtMs: number, session: Entered): Promise<string[]> {
    const [ofAccount, ...others] = this.#all(session)
    const [out] = await Promise.all([
      this.#add(ofAccount, key, createdAtMs, MAX_SESSIONS_PER_ACCOUNT),
      ...others.map(index => this.#add(index, key, createdAtMs)),
    ])
    return out
  }

  /** Like `enter`, for a session that is probably indexed already; costs one command per index. */
  async keep(key: string, createdAtMs: number, session: Entered): Promise<void> {
    const endsAtMs = String(createdAtMs + this.#absoluteMs)
    await Promise.all(
      this.#all(session).map(async index => {
        const added = await this.#link.call(index, 'ZADD', index, endsAtMs, key)
        // The index was lost; the new one has no time to live until it is set here.
        if (added === 1) await this.#add(index, key, createdAtMs)
      }),
    )
  }

  /** Never rejects: an entry without a session is harmless. */
  async leave(key: string, session: Entered): Promise<void> {
    await Promise.all(
      this.#all(session).map(index => this.#link.call(index, 'ZREM', index, key).catch(() => undefined)),
    )
  }

  async keysIn(index: Index, value: string): Promise<string[]> {
    const name = this.#name(index, value)
    return textsOf(await this.#link.call(name, 'ZRANGE', name, '0', '-1')).map(textOf)
  }

  async #add(index: string, key: string, createdAtMs: number, most: number | '' = ''): Promise<string[]> {
    const endsAtMs = createdAtMs + this.#absoluteMs
    const reply = await this.#link.run(ADD_TO_INDEX, [index], key, endsAtMs, this.#now(), this.#absoluteMs, most)
    return textsOf(reply).map(textOf)
  }

  #all({ accountKey, subject, opSessionId }: Entered): [string, ...string[]] {
    const always: [string, string] = [this.#name('account-key', accountKey), this.#name('subject', subject)]
    return opSessionId === undefined ? always : [...always, this.#name('sid', opSessionId)]
  }

  #name(index: Index, value: string): string {
    return this.#names.key(`sessions-by-${index}`, hashTag(value))
  }
}

/** Most selective index first. */
export function conditionsOf({ accountKey, subject, opSessionId }: SessionSelector): [Index, string][] {
  const wanted: [Index, string | undefined][] = [
    ['account-key', accountKey],
    ['sid', opSessionId],
    ['subject', subject],
  ]
  return wanted.flatMap(([field, value]): [Index, string][] => (value === undefined ? [] : [[field, value]]))
}
