import type { AttemptStore } from '../../src/limits/attempt-store.ts'
import { ATTEMPT_SCHEMA, SqliteAttemptStore } from '../../src/limits/sqlite-attempt-store.ts'
import { SqliteDatabase } from '../../src/store/sqlite-database.ts'

/** A store of attempts that nobody else shares, gone with the process. */
export const attemptMemory = (): AttemptStore => new SqliteAttemptStore(SqliteDatabase.inMemory(ATTEMPT_SCHEMA))
