/** One SQLite file, shared by the workers of one machine: write-ahead log, prepared statements, coded faults. */
import { closeSync, openSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { Fault } from '../errors.ts'

export type Row = Readonly<Record<string, string | number | null | undefined>>

/** How long a writer waits for another one, in milliseconds. */
const BUSY_TIMEOUT_MS = 5000

/** SQLite's own name for it. */
const IN_MEMORY = ':memory:'

export class SqliteDatabase {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  /** Shared by nobody, and gone with the process. */
  static inMemory(schema: string): SqliteDatabase {
    return new SqliteDatabase(IN_MEMORY, schema)
  }

  /** `schema`: statements that make what is missing. */
  constructor(fileName: string, schema: string) {
    // Made here, for its owner only; SQLite gives the same mode to the log beside it.
    if (fileName !== IN_MEMORY) closeSync(openSync(fileName, 'a', 0o600))
    this.#database = new DatabaseSync(fileName, { timeout: BUSY_TIMEOUT_MS })
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;')
    this.#database.exec(schema)
  }

  /** Returns the number of rows changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return this.#guarded(() => Number(this.#prepared(sql).run(...values).changes))
  }

  row(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#guarded(() => this.#prepared(sql).get(...values) as Row | undefined)
  }

  rows(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#guarded(() => this.#prepared(sql).all(...values) as Row[])
  }

  /** All or nothing; other writers wait. */
  transaction<T>(work: () => T): T {
    return this.#guarded(() => {
      this.#database.exec('BEGIN IMMEDIATE')
      try {
        const result = work()
        this.#database.exec('COMMIT')
        return result
      } catch (error) {
        this.#database.exec('ROLLBACK')
        throw error
      }
    })
  }

  close(): void {
    this.#database.close()
  }

  #guarded<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw error instanceof Fault ? error : new Fault('store-unavailable', error)
    }
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#database.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}
