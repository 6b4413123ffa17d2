/** The stores of all processes: what they are asked is counted in commands of Redis, what is written is told. */
import { storedAccountKey } from '../../src/account-key.ts'
import type { Grant, GrantStore } from '../../src/grants/grant-store.ts'
import type { PatConfirmationStore } from '../../src/pats/pat-confirmation-store.ts'
import type { PatRecord, PatStore } from '../../src/pats/pat-store.ts'
import type { Session } from '../../src/session/session-cache.ts'
import { COMMANDS } from './command-costs.ts'

export type Asked = 'session' | 'bearer' | 'token'

/** What commands are for. `notes`: of uses of tokens, by shard; `processes`: heartbeats, marks, what is read each second. */
export const KINDS = ['sessions', 'refreshes', 'tokens', 'confirmations', 'grants', 'notes', 'processes'] as const
export type Kind = (typeof KINDS)[number]
export type Tally = Record<Kind, number>

export const NETWORK = '192.0.2.0/24'
/** Tokens are noted in one write for each shard that has one of them. */
const SHARDS = COMMANDS.noteUses
/** As the register does it. */
const MAX_WRITTEN = 200

/** `RECORDED_EVERY_MS` of the register: what a use tells anew is written at most once in that time. */
const RECORDED_EVERY_MS = 3_600_000

/** Two tokens belong to one person. */
export const ownerOf = (fingerprint: string) =>
  storedAccountKey(`person-${Math.floor(Number(fingerprint.slice('token-'.length)) / TOKENS_EACH)}`)
export const TOKENS_EACH = 2

export interface Changed {
  readonly sessions: ReadonlySet<string>
  readonly tokens: ReadonlySet<string>
}

export class CountedStore {
  readonly #tally: Tally
  readonly #part: number
  readonly #records = new Map<string, PatRecord>()
  #sessions = new Set<string>()
  #tokens = new Set<string>()
  /** Keys that were told. */
  told = 0

  constructor(tally: Tally, part: number) {
    this.#tally = tally
    this.#part = part
  }

  readSession(id: string): Session {
    this.#tally.sessions += COMMANDS.readSession
    const record = { key: id, account: id, lastSeenAtMs: 0 }
    return { record, lastSeenAtMs: 0 } as unknown as Session
  }

  touch(person: number): void {
    this.#tally.sessions += COMMANDS.touchSession
    this.#sessions.add(String(person))
  }

  refresh(person: number): void {
    this.#tally.refreshes += COMMANDS.claimRefresh + COMMANDS.readSession + COMMANDS.saveRefresh
    this.#sessions.add(String(person))
  }

  /** A process does so whatever it is asked. */
  count(kind: Kind, commands: number): void {
    this.#tally[kind] += commands
  }

  readonly pats = {
    readPat: (fingerprint: string) => {
      this.#tally.tokens += COMMANDS.readPat
      return this.#records.get(fingerprint) ?? this.#usedBefore(fingerprint)
    },
    recordUses: (uses: Iterable<PatRecord>) => {
      for (const use of uses) {
        this.#tally.tokens += COMMANDS.recordUse
        this.#records.set(use.fingerprint, use)
        this.#tokens.add(use.fingerprint)
      }
    },
    /** Which shards have one is by chance. With all people there are so many times as many, written in pieces. */
    noteUses: (noted: ReadonlyMap<string, number>) => {
      for (let left = noted.size * this.#part; left > 0; left -= MAX_WRITTEN)
        this.#tally.notes += SHARDS * (1 - (1 - 1 / SHARDS) ** Math.min(left, MAX_WRITTEN))
    },
  } as unknown as PatStore

  readonly confirmations = {
    confirmationsFor: () => {
      this.#tally.confirmations += COMMANDS.confirmationsFor
      return []
    },
  } as unknown as PatConfirmationStore

  /** Who is asked for one mostly has none. */
  readonly grants = {
    findGrant: (): Grant | undefined => {
      this.#tally.grants += COMMANDS.findGrant
      return undefined
    },
  } as unknown as GrantStore

  /** Not all were recorded at the same moment. */
  #usedBefore(fingerprint: string): PatRecord {
    const lastSeenAtMs = -((this.#records.size * 7919) % RECORDED_EVERY_MS)
    const record: PatRecord = {
      ...{ fingerprint, firstSeenAtMs: lastSeenAtMs, lastSeenAtMs, isBlocked: false },
      ...{ networks: [{ network: NETWORK, lastSeenAtMs }], clientClasses: ['git'], accountKey: ownerOf(fingerprint) },
    }
    this.#records.set(fingerprint, record)
    return record
  }

  takeChanged(): Changed {
    const changed = { sessions: this.#sessions, tokens: this.#tokens }
    this.told += changed.sessions.size + changed.tokens.size
    this.#sessions = new Set()
    this.#tokens = new Set()
    return changed
  }
}
