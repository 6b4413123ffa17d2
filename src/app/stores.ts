/** The interface of all stored data, whatever stores it. */
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

/** The stores, shared by several processes, whose data outlives them. */
export interface Stores {
  readonly sessions: SessionStore
  readonly grants: GrantStore
  readonly pats: PatStore
  readonly patConfirmations: PatConfirmationStore
  readonly attempts: AttemptStore
  /** How long data read earlier is used while the store is unavailable, in seconds. */
  readonly graceSeconds: number
  /**
   * The monotonic time up to which this process knows other processes' changes of sessions, grants and tokens.
   * Undefined: it is not told.
   */
  readonly knownUntilMs?: () => number
  /** Problems of the store's setup. Rejects with `store-unavailable` if it cannot be checked. */
  findings(): Awaitable<StoreFinding[]>
  /** `available`, or what is wrong with it. */
  condition(): StoreCondition
  /** Whether the store has ever been available. */
  wasReached(): boolean
  /**
   * How far this machine's clock is ahead of the store's, in ms; undefined if unknown. Not implemented if they are the
   * same clock.
   */
  clockDifferenceMs?(): number | undefined
}

/** Events reported by a store. */
export interface StoreReport {
  /** One command has ended. */
  command(seconds: number, isAnswered: boolean): void
  /** The condition, whenever it changes. `cause`: the last error. */
  changed(condition: StoreCondition, cause: unknown): void
  /** How far this machine's clock is ahead of the store's, in milliseconds. */
  clock(differenceMs: number): void
  /** A message of another process could not be parsed. */
  malformed(): void
}

/** Lower bound, however short `cacheMs` is. */
const MIN_READ_ON_MS = 50

/** How often a process reads changes: twice within the time for which a cached answer is valid by itself. */
export const readOnEveryMs = (cacheMs: number): number => Math.max(MIN_READ_ON_MS, cacheMs / 2)
