import { SESSION_SCHEMA, SqliteSessionStore } from '../../src/session/sqlite-session-store.ts'
import { SqliteDatabase } from '../../src/store/sqlite-database.ts'

/** A session store on a database of its own, which is closed with it. */
export class SessionDatabase extends SqliteSessionStore implements Disposable {
  readonly #database: SqliteDatabase

  static open(fileName: string): SessionDatabase {
    return new SessionDatabase(new SqliteDatabase(fileName, SESSION_SCHEMA))
  }

  constructor(database: SqliteDatabase) {
    super(database)
    this.#database = database
  }

  close(): void {
    this.#database.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
