/** What everything that outlives a process has to offer, whatever keeps it. */
import type { Awaitable } from '../awaitable.ts'
import type { GrantStore } from '../grants/grant-store.ts'
import type { AttemptStore } from '../limits/attempt-store.ts'
import type { PatConfirmationStore } from '../pats/pat-confirmation-store.ts'
import type { PatStore } from '../pats/pat-store.ts'
import type { SessionStore } from '../session/session-store.ts'
import type { RedisCondition } from '../store/redis-condition.ts'
import type { SqliteCondition } from '../store/sqlite-condition.ts'
import type { StoreFinding } from '../store/store-finding.ts'

export type StoreCondition = SqliteCondition | RedisCondition

/** Everything that outlives a process, and that several processes share. */
export interface Stores {
  readonly sessions: SessionStore
  readonly grants: GrantStore
  readonly pats: PatStore
  readonly patConfirmations: PatConfirmationStore
  readonly attempts: AttemptStore
  /** How long what was read before is believed while the store is away, in seconds. */
  readonly graceSeconds: number
  /**
   * Until when this process was told what others have changed in sessions, grants and tokens; monotonic. None: it is not
   * told.
   */
  readonly knownUntilMs?: () => number
  /** What is wrong with how it is set up. Rejects with `store-unavailable` where nobody can say. */
  findings(): Awaitable<StoreFinding[]>
  /** `available`, or what is wrong with it. */
  condition(): StoreCondition
  /** Whether it was ever. */
  wasReached(): boolean
  /**
   * How far the clock of this machine is ahead of that of the store; undefined where it is not known. None: they are
   * the same.
   */
  clockDifferenceMs?(): number | undefined
}

/** What a store that is elsewhere tells of itself. */
export interface StoreReport {
  /** One command has ended. */
  command(seconds: number, isAnswered: boolean): void
  /** How it is, whenever that changes. `cause`: the last thing that went wrong. */
  changed(condition: StoreCondition, cause: unknown): void
  /** How far the clock of this machine is ahead of that of the store. */
  clock(differenceMs: number): void
  /** A message of another process was not understood. */
  malformed(): void
}

/** However short `cacheMs` is. */
const MIN_READ_ON_MS = 50

/** How often a process asks what has changed: twice in the time for which an answer counts by itself. */
export const readOnEveryMs = (cacheMs: number): number => Math.max(MIN_READ_ON_MS, cacheMs / 2)
