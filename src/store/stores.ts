import type { Config } from '../../config/schema.ts'
import type { PatStore } from '../credentials/pat-store.ts'
import { PAT_SCHEMA, SqlitePatStore } from '../credentials/sqlite-pat-store.ts'
import type { GrantStore } from '../grants/grant-store.ts'
import { GRANT_SCHEMA, SqliteGrantStore } from '../grants/sqlite-grant-store.ts'
import { SESSION_SCHEMA, SqliteStore } from '../session/sqlite-store.ts'
import type { Awaitable, SessionStore } from '../session/store.ts'
import { SqliteDatabase } from './sqlite-database.ts'

/** Everything that outlives a process, and that several share. */
export interface Stores {
  readonly sessions: SessionStore
  readonly grants: GrantStore
  readonly pats: PatStore
  close(): Awaitable<void>
}

/** Opens the store that the configuration names. Rejects when it cannot be opened. */
export async function openStores(settings: Config['session']['store']): Promise<Stores> {
  const database = new SqliteDatabase(settings.sqlite.file, SESSION_SCHEMA + GRANT_SCHEMA + PAT_SCHEMA)
  return {
    sessions: new SqliteStore(database),
    grants: new SqliteGrantStore(database),
    pats: new SqlitePatStore(database),
    close: () => database.close(),
  }
}
