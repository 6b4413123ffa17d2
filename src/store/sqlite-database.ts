/**
 * One SQLite file, shared by the workers of one machine: write-ahead log, prepared statements, coded faults.
 *
 * Reads never wait. A write that finds the file locked by another process is tried again later, without blocking the
 * event loop, and the writes after it keep their order:
 *
 *   write --> done at once
 *     +-- locked --> in line --> tried after 2, 4, 8 ... 50 ms --> done
 *                                   +-- locked for 5 s in all --> store-unavailable
 *
 * If the log of the file is removed, a process that opens the file creates another log, and neither sees what the other
 * writes. So all processes close the file; the last one writes the lost log into it, and then they open it again.
 */
import { closeSync, openSync } from 'node:fs'
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { Awaitable } from '../awaitable.ts'
import { Fault } from '../errors.ts'
import { conditionOf, isBusy, type SqliteCondition, type SqliteEvents, UNHEARD } from './sqlite-condition.ts'
import { openSqliteFile } from './sqlite-file.ts'
import { isLogOfOther, isLogTooLong, isSameLog, type SqliteFiles, sqliteFilesAt } from './sqlite-files.ts'
import { WaitingLine } from './waiting-line.ts'

export type Row = Readonly<Record<string, string | number | null | undefined>>

/** How often the file is checked: is it still the one that was opened, and how long is its log? */
export const LOOK_MS = 1000
/** Once one process has closed a file whose log is lost, all others have too after this many checks. */
const LOOKS_UNTIL_ALL_LET_GO = 2

const IN_MEMORY = ':memory:'

export class SqliteDatabase implements Disposable {
  readonly #fileName: string
  readonly #schema: string
  readonly #events: SqliteEvents
  readonly #look: NodeJS.Timeout | undefined
  readonly #line = new WaitingLine()
  #database: DatabaseSync
  #statements = new Map<string, StatementSync>()
  #files: SqliteFiles
  #looksToWait = 0
  #condition: SqliteCondition = 'available'
  /** The last message reported for the condition. */
  #told: string | undefined
  #isLogTooLong = false

  /** Private to this process, and lost at its end. */
  static inMemory(schema: string): SqliteDatabase {
    return new SqliteDatabase(IN_MEMORY, schema)
  }

  /** `schema`: statements that create what is missing. Throws if the file cannot be opened. */
  constructor(fileName: string, schema: string, events: SqliteEvents = UNHEARD) {
    this.#fileName = fileName
    this.#schema = schema
    this.#events = events
    // Created here, with access for its owner only; SQLite gives its log the same mode. Opened for reading as well,
    // because opening a pipe with `a` alone would block (fifo(7)).
    if (fileName !== IN_MEMORY) closeSync(openSync(fileName, 'a+', 0o600))
    this.#database = openSqliteFile(fileName, schema)
    this.#files = sqliteFilesAt(fileName)
    if (fileName !== IN_MEMORY) this.#look = setInterval(() => this.look(), LOOK_MS).unref()
  }

  get condition(): SqliteCondition {
    return this.#condition
  }

  /** Whether writes may be made on behalf of strangers. */
  get hasRoomForStrangers(): boolean {
    return !this.#isLogTooLong
  }

  row(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#reading(() => this.#prepared(sql).get(...values) as Row | undefined)
  }

  rows(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#reading(() => this.#prepared(sql).all(...values) as Row[])
  }

  /** Runs one writing statement; returns the number of rows changed. Throws, or rejects with, `store-unavailable`. */
  update(sql: string, ...values: SQLInputValue[]): Awaitable<number> {
    return this.write(() => this.run(sql, ...values))
  }

  /**
   * Like `update`, for what ends access: on disk before it is done, so that no power failure undoes it. All other
   * writes of the last half minute may be lost in a power failure, in exchange for not waiting for the disk.
   */
  end(sql: string, ...values: SQLInputValue[]): Awaitable<number> {
    return this.write(() => this.#kept(() => this.run(sql, ...values)))
  }

  /** Like `end`, for a statement that returns rows. */
  endedRows(sql: string, ...values: SQLInputValue[]): Awaitable<Row[]> {
    return this.write(() => this.#kept(() => this.#prepared(sql).all(...values) as Row[]))
  }

  /** Like `update`, without the number of rows. */
  execute(sql: string, ...values: SQLInputValue[]): Awaitable<void> {
    return this.write(() => void this.run(sql, ...values))
  }

  /** Like `update`, for a statement that returns rows. */
  updatedRows(sql: string, ...values: SQLInputValue[]): Awaitable<Row[]> {
    return this.write(() => this.#prepared(sql).all(...values) as Row[])
  }

  /**
   * Several statements, all or nothing; other writers wait. `work` uses `run`, `row` and `rows`. `ends`: whether it
   * ends access, see `end`.
   */
  transaction<T>(work: () => T, ends = false): Awaitable<T> {
    const whole = () => {
      this.#database.exec('BEGIN IMMEDIATE')
      try {
        const result = work()
        this.#database.exec('COMMIT')
        return result
      } catch (error) {
        // A full disk ends the transaction by itself; a failing ROLLBACK must not hide the cause.
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
        throw error
      }
    }
    return this.write(ends ? () => this.#kept(whole) : whole)
  }

  /** To be called within `transaction`; returns the number of rows changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepared(sql).run(...values).changes)
  }

  write<T>(work: () => T): Awaitable<T> {
    if (this.#line.isBusy) return this.#wait(work)
    try {
      return this.#written(work)
    } catch (error) {
      if (isBusy(error)) return this.#wait(work)
      throw this.#failed(error)
    }
  }

  /** Checks whether file and log are still those that were opened. Called once a second by a timer. */
  look(): void {
    const files = sqliteFilesAt(this.#fileName, this.#files)
    if (files.main === undefined) return this.#became('moved', new Error(`${this.#fileName} is not there any more`))
    if (files.main !== this.#files.main) this.#goOnWith(files)
    else if (!this.#database.isOpen) {
      if (this.#looksToWait-- <= 0) this.#reopen('it has a new log')
    } else if (!isSameLog(files, this.#files)) this.#letGo()
    else if (this.#condition === 'moved') this.#reopen('it is there again')
    this.#isLogTooLong = isLogTooLong(this.#fileName)
  }

  [Symbol.dispose](): void {
    clearInterval(this.#look)
    if (this.#database.isOpen) this.#database.close()
  }

  close(): void {
    this[Symbol.dispose]()
  }

  /** Another file has the name now. */
  #goOnWith(files: SqliteFiles): void {
    // The inode numbers of closed files say nothing: they may have been reused.
    if (this.#database.isOpen && isLogOfOther(files, this.#files))
      this.#became('moved', new Error(`${this.#fileName}-wal and -shm are of the file before this one: remove both`))
    else this.#reopen('another file lies under its name, and is used from now on')
  }

  #letGo(): void {
    this.#statements = new Map()
    this.#database.close()
    this.#looksToWait = LOOKS_UNTIL_ALL_LET_GO
    this.#became('moved', new Error(`${this.#fileName}-wal or -shm was removed; it is opened anew in a moment`))
  }

  #reopen(why: string): void {
    try {
      const database = openSqliteFile(this.#fileName, this.#schema)
      this.#statements = new Map()
      if (this.#database.isOpen) this.#database.close()
      this.#database = database
      this.#files = sqliteFilesAt(this.#fileName)
      this.#became('available', new Error(why))
      this.#events.replaced()
    } catch (error) {
      // The new file may not be complete yet.
      this.#became('moved', error)
    }
  }

  #wait<T>(work: () => T): Promise<T> {
    return this.#line
      .add(() => this.#written(work), isBusy)
      .catch((error: unknown) => {
        throw this.#failed(error)
      })
  }

  #reading<T>(work: () => T): T {
    this.#refuseMoved()
    try {
      return work()
    } catch (error) {
      // Within a transaction, the whole transaction is retried.
      if (this.#database.isOpen && this.#database.isTransaction) throw error
      throw this.#failed(error)
    }
  }

  /** Not within a transaction, where it cannot be changed (sqlite.org/pragma.html#pragma_synchronous). */
  #kept<T>(work: () => T): T {
    this.#database.exec('PRAGMA synchronous = FULL')
    try {
      return work()
    } finally {
      this.#database.exec('PRAGMA synchronous = NORMAL')
    }
  }

  #written<T>(work: () => T): T {
    this.#refuseMoved()
    const result = work()
    this.#became('available', undefined)
    return result
  }

  #refuseMoved(): void {
    if (this.#condition === 'moved') throw new Fault('store-unavailable', new Error(`${this.#fileName} was moved`))
  }

  #failed(error: unknown): Fault {
    if (error instanceof Fault) return error
    this.#became(conditionOf(error), error)
    return new Fault('store-unavailable', error)
  }

  #became(condition: SqliteCondition, cause: unknown): void {
    const told = condition === 'moved' && cause instanceof Error ? cause.message : undefined
    if (condition === this.#condition && told === this.#told) return
    this.#condition = condition
    this.#told = told
    this.#events.changed(condition, cause)
  }

  #prepared(sql: string): StatementSync {
    this.#refuseMoved()
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#database.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}
