import type { Config } from '../../config/schema.ts'
import type { Awaitable } from '../awaitable.ts'
import type { Surroundings } from '../clock.ts'
import type { GrantStore } from '../grants/grant-store.ts'
import { GRANT_SCHEMA, SqliteGrantStore } from '../grants/sqlite-grant-store.ts'
import type { AttemptStore } from '../limits/attempt-store.ts'
import { ATTEMPT_SCHEMA, SqliteAttemptStore } from '../limits/sqlite-attempt-store.ts'
import type { PatStore } from '../pats/pat-store.ts'
import { PAT_SCHEMA, SqlitePatStore } from '../pats/sqlite-pat-store.ts'
import type { SessionStore } from '../session/session-store.ts'
import { SESSION_SCHEMA, SqliteSessionStore } from '../session/sqlite-session-store.ts'
import type { Changes } from '../store/changes.ts'
import { SqliteDatabase } from '../store/sqlite-database.ts'

/** Everything that outlives a process, and that several share. */
export interface Stores {
  readonly sessions: SessionStore
  readonly grants: GrantStore
  readonly pats: PatStore
  readonly attempts: AttemptStore
  /** How long what was read before is believed while the store is away, in seconds. */
  readonly graceSeconds: number
  isAvailable(): boolean
  /** Whether it was ever. */
  wasReached(): boolean
  /** How far the clock of this machine is ahead of that of the store; undefined where it is not known. None: they are the same. */
  clockDifferenceMs?(): number | undefined
  close(): Awaitable<void>
}

/** What a store that is elsewhere tells of itself. */
export interface StoreReport {
  /** One command has ended. */
  command(seconds: number, isAnswered: boolean): void
  /** It is away, or back. `cause`: the last thing that went wrong. */
  changed(isAvailable: boolean, cause: unknown): void
  /** How far the clock of this machine is ahead of that of the store. */
  clock(differenceMs: number): void
  /** A message of another process was not understood. */
  malformed(): void
}

/**
 * Opens the store that the configuration names. Rejects when it cannot be opened; a Redis that is away is none of that.
 * `changes` are told to, and heard from, all processes that share a Redis.
 */
export async function openStores(
  session: Config['session'],
  changes: Changes,
  report: StoreReport,
  surroundings: Surroundings,
): Promise<Stores> {
  const { kind, sqlite, redis } = session.store
  if (kind === 'redis' && redis !== undefined) {
    // Loaded on demand: without Redis in the configuration, its client is not needed.
    const { openRedisStores } = await import('./open-redis-stores.ts')
    return openRedisStores(redis, session, changes, report, surroundings)
  }
  const database = new SqliteDatabase(sqlite.file, SESSION_SCHEMA + GRANT_SCHEMA + PAT_SCHEMA + ATTEMPT_SCHEMA)
  return {
    sessions: new SqliteSessionStore(database),
    grants: new SqliteGrantStore(database),
    pats: new SqlitePatStore(database),
    attempts: new SqliteAttemptStore(database),
    // A file is not away for a while: what it cannot answer is a fault at once.
    graceSeconds: 0,
    isAvailable: () => true,
    wasReached: () => true,
    close: () => database.close(),
  }
}
