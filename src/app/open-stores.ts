import type { Config } from '../../config/schema.ts'
import type { Surroundings } from '../clock.ts'
import { GRANT_CHANGES, GRANT_SCHEMA, GRANTS_LOGGED, SqliteGrantStore } from '../grants/sqlite-grant-store.ts'
import { ATTEMPT_SCHEMA, SqliteAttemptStore } from '../limits/sqlite-attempt-store.ts'
import {
  PAT_CONFIRMATION_CHANGES,
  PAT_CONFIRMATION_SCHEMA,
  SqlitePatConfirmationStore,
} from '../pats/sqlite-pat-confirmation-store.ts'
import { PAT_CHANGES, PAT_LOGGED, PAT_SCHEMA, SqlitePatStore } from '../pats/sqlite-pat-store.ts'
import { SESSION_CHANGES, SESSION_SCHEMA, SqliteSessionStore } from '../session/sqlite-session-store.ts'
import type { Changes } from '../store/changes.ts'
import { hashTag } from '../store/redis-names.ts'
import { CHANGE_LOG_SCHEMA, SqliteChangeLog } from '../store/sqlite-change-log.ts'
import { SqliteDatabase } from '../store/sqlite-database.ts'
import { sqliteSetUpFindings } from '../store/sqlite-set-up.ts'
import { readOnEveryMs, type StoreReport, type Stores } from './stores.ts'

/**
 * Opens the configured store. Rejects if it cannot be opened; an unavailable Redis is no reason. `changes` are
 * exchanged with all processes on the same store. Everything opened is put on `opened`.
 */
export async function openStores(
  session: Config['session'],
  changes: Changes,
  report: StoreReport,
  surroundings: Surroundings,
  opened: AsyncDisposableStack,
): Promise<Stores> {
  const { kind, sqlite, redis } = session.store
  if (kind === 'redis' && redis !== undefined) {
    // Loaded on demand: without Redis in the configuration, its client is not needed.
    const { openRedisStores } = await import('./open-redis-stores.ts')
    return openRedisStores(redis, session, changes, report, surroundings, opened)
  }
  const schema = SESSION_SCHEMA + GRANT_SCHEMA + PAT_SCHEMA + PAT_CONFIRMATION_SCHEMA + ATTEMPT_SCHEMA
  const database = opened.use(
    new SqliteDatabase(sqlite.file, schema + CHANGE_LOG_SCHEMA + LOGGED, {
      changed: (condition, cause) => report.changed(condition, cause),
      replaced() {
        log.restart()
        changes.receive({ kind: 'missed' })
      },
    }),
  )
  const log = opened.use(
    new SqliteChangeLog(
      database,
      readOnEveryMs(session.cacheMs),
      {
        changed: keys => tell(keys, changes),
        missed: () => changes.receive({ kind: 'missed' }),
      },
      surroundings.monotonic,
    ),
  )
  return {
    sessions: new SqliteSessionStore(database),
    grants: new SqliteGrantStore(database),
    pats: new SqlitePatStore(database),
    patConfirmations: new SqlitePatConfirmationStore(database),
    attempts: new SqliteAttemptStore(database),
    // A file is not temporarily unavailable: what cannot be read is a fault at once.
    graceSeconds: 0,
    knownUntilMs: () => log.knownUntilMs,
    findings: () => sqliteSetUpFindings(sqlite.file),
    condition: () => database.condition,
    wasReached: () => true,
  }
}

const LOGGED = SESSION_CHANGES + GRANT_CHANGES + PAT_CHANGES + PAT_CONFIRMATION_CHANGES

/** Session keys are logged unchanged, without a prefix, and contain no colon. */
function tell(logged: ReadonlySet<string>, changes: Changes): void {
  const [keys, fingerprints, accountTags] = [new Set<string>(), new Set<string>(), new Set<string>()]
  for (const key of logged) {
    if (key.startsWith(PAT_LOGGED)) fingerprints.add(key.slice(PAT_LOGGED.length))
    else if (key.startsWith(GRANTS_LOGGED)) accountTags.add(hashTag(key.slice(GRANTS_LOGGED.length)))
    else keys.add(key)
  }
  changes.receiveWritten({ keys, fingerprints, accountTags })
}
