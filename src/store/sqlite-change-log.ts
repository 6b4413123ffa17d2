/**
 * A log of the changes in the file, in order, whoever made them: triggers in the file itself write it in the same
 * transaction, for changes by other workers, by commands, by older versions and by hand. Each process reads new entries
 * from time to time. What it has read before is then still current as of that time, unless an entry says otherwise, so
 * it need not read the file for each request.
 *
 *   change --> trigger --> one more row            (n is never used twice)
 *   readOn --> rows after the last one --> told    --> everything is known until the time that readOn began
 *          +-> fewer than before, or some missing  --> missed: nothing read before may be used
 *          +-> the file does not answer            --> nothing more is known
 */
import type { MonotonicClock } from '../clock.ts'
import { unavailable } from '../errors.ts'
import type { WriteEvents } from './changes.ts'
import type { SqliteDatabase } from './sqlite-database.ts'

/** Rows kept; a process that falls further behind has missed changes. */
const MAX_ROWS = 100_000
/** Rows read at a time; the rest is read the next time. */
const MAX_READ = 5000

export const CHANGE_LOG_SCHEMA = `
CREATE TABLE IF NOT EXISTS change_log (n INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL) STRICT;
CREATE TRIGGER IF NOT EXISTS change_log_bounded AFTER INSERT ON change_log WHEN new.n % 1000 = 0 BEGIN
  DELETE FROM change_log WHERE n <= new.n - ${MAX_ROWS};
END;
`

/**
 * Triggers for rows of `table` that are inserted, deleted, or changed in one of `columns`. `key`: a SELECT of what to
 * log for the row `old` or `new`; no result logs nothing. A trigger that exists in the file is kept unchanged, so
 * other columns need another name.
 */
export function loggedChanges(table: string, key: (row: 'old' | 'new') => string, columns: readonly string[]): string {
  const trigger = (name: string, event: string, row: 'old' | 'new') => `
CREATE TRIGGER IF NOT EXISTS ${table}_${name} AFTER ${event} ON ${table} BEGIN
  INSERT INTO change_log (key) ${key(row)};
END;`
  return (
    trigger('comes', 'INSERT', 'new') +
    trigger('goes', 'DELETE', 'old') +
    trigger('changes', `UPDATE OF ${columns.join(', ')}`, 'old')
  )
}

export class SqliteChangeLog implements Disposable {
  readonly #database: SqliteDatabase
  readonly #events: WriteEvents
  readonly #monotonic: MonotonicClock
  readonly #timer: NodeJS.Timeout
  #last: number | undefined
  #knownUntilMs = Number.NEGATIVE_INFINITY

  constructor(database: SqliteDatabase, everyMs: number, events: WriteEvents, monotonic: MonotonicClock) {
    this.#database = database
    this.#events = events
    this.#monotonic = monotonic
    this.readOn()
    this.#timer = setInterval(() => this.readOn(), everyMs).unref()
  }

  /** The monotonic time up to which all changes are known. */
  get knownUntilMs(): number {
    return this.#knownUntilMs
  }

  /** Reads new rows; called periodically by a timer. */
  readOn(): void {
    const beganAtMs = this.#monotonic()
    try {
      if (this.#readRows()) this.#knownUntilMs = beganAtMs
    } catch (error) {
      unavailable(error)
    }
  }

  /** To be called when the file was replaced: everything read before is invalid. */
  restart(): void {
    this.#last = undefined
    this.#knownUntilMs = Number.NEGATIVE_INFINITY
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  /** Returns whether all rows have been read. */
  #readRows(): boolean {
    // The highest number ever used, even if its row has been deleted.
    const newest = Number(this.#database.row("SELECT seq FROM sqlite_sequence WHERE name = 'change_log'")?.seq ?? 0)
    const last = this.#last ?? newest
    if (newest > last) {
      const rows = this.#database.rows(`SELECT n, key FROM change_log WHERE n > ? ORDER BY n LIMIT ${MAX_READ}`, last)
      const read = Number(rows.at(-1)?.n ?? last)
      if (read - last !== rows.length || rows.length === 0) return this.#miss(newest)
      this.#last = read
      this.#events.changed(new Set(rows.map(({ key }) => String(key))))
      return read >= newest
    }
    if (newest < last) return this.#miss(newest)
    this.#last = newest
    return true
  }

  #miss(newest: number): true {
    this.#last = newest
    this.#events.missed()
    return true
  }
}
