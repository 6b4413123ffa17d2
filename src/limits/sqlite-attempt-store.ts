import type { Awaitable } from '../awaitable.ts'
import type { SqliteDatabase } from '../store/sqlite-database.ts'
import {
  type AttemptBudget,
  type AttemptEnd,
  type AttemptStore,
  MAX_AHEAD_MS,
  MAX_PROVEN_NETWORKS,
} from './attempt-store.ts'

export const ATTEMPT_SCHEMA = `
CREATE TABLE IF NOT EXISTS attempt (
  who TEXT NOT NULL, id TEXT NOT NULL, is_pending INTEGER NOT NULL, at INTEGER NOT NULL, ends_at INTEGER NOT NULL,
  PRIMARY KEY (who, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS attempt_by_end ON attempt (ends_at);
`

export class SqliteAttemptStore implements AttemptStore {
  readonly #database: SqliteDatabase

  constructor(database: SqliteDatabase) {
    this.#database = database
  }

  reserve(who: string, id: string, budget: AttemptBudget, nowMs: number): Awaitable<number> {
    const kept = budget.countsUntilQuiet === true ? budget.pendingMs : 0
    return this.#database.transaction(() => {
      this.#database.run(
        'UPDATE attempt SET at = ?1, ends_at = ?1 + ends_at - at WHERE who = ?2 AND at > ?3',
        nowMs,
        who,
        nowMs + MAX_AHEAD_MS,
      )
      const rows = this.#database
        .rows(
          'SELECT is_pending, at, ends_at FROM attempt WHERE who = ? AND ends_at > ? ORDER BY at',
          who,
          nowMs - kept,
        )
        .map(row => ({ isPending: row.is_pending !== 0, atMs: Number(row.at), endsAtMs: Number(row.ends_at) }))
      const waitMs = waitFor(rows, budget, nowMs)
      if (waitMs === 0) this.#write(who, id, true, nowMs, nowMs + budget.pendingMs)
      return waitMs
    })
  }

  settle(who: string, id: string, end: AttemptEnd, budget: AttemptBudget, nowMs: number): Awaitable<void> {
    const endsAtMs = nowMs + budget.windowMs
    const isFailure = end === 'failed' || end === 'prolonged'
    return this.#database.write(() => {
      if (isFailure && budget.countsUntilQuiet === true)
        // Failures that still counted when the attempt began, because the directory may have judged it then.
        this.#database.run(
          `UPDATE attempt SET ends_at = ?1 WHERE who = ?2 AND is_pending = 0
           AND ends_at > COALESCE((SELECT at FROM attempt WHERE who = ?2 AND id = ?3), ?4)`,
          endsAtMs,
          who,
          id,
          nowMs,
        )
      if (end === 'failed') this.#write(who, id, false, nowMs, endsAtMs)
      else if (end !== 'cleared') this.#database.run('DELETE FROM attempt WHERE who = ? AND id = ?', who, id)
      else this.#database.run('DELETE FROM attempt WHERE who = ? AND (id = ? OR is_pending = 0)', who, id)
    })
  }

  /** Uses the same table: a proven network is a row that counts for no budget. */
  prove(account: string, network: string, untilMs: number, nowMs: number): Awaitable<void> {
    const who = provenOf(account)
    return this.#database.transaction(() => {
      this.#write(who, network, false, nowMs, untilMs)
      this.#database.run(
        `DELETE FROM attempt WHERE who = ?1 AND id NOT IN
         (SELECT id FROM attempt WHERE who = ?1 ORDER BY id = ?3 DESC, ends_at DESC LIMIT ?2)`,
        who,
        MAX_PROVEN_NETWORKS,
        // The new network sorts first, even if the clock was set back.
        network,
      )
    })
  }

  isProven(account: string, network: string, nowMs: number): boolean {
    const query = 'SELECT 1 AS one FROM attempt WHERE who = ? AND id = ? AND ends_at > ?'
    return this.#database.row(query, provenOf(account), network, nowMs) !== undefined
  }

  sweepAttempts(nowMs: number): Awaitable<void> {
    return this.#database.execute('DELETE FROM attempt WHERE ends_at <= ?', nowMs)
  }

  #write(who: string, id: string, isPending: boolean, atMs: number, endsAtMs: number): void {
    this.#database.run(
      'INSERT OR REPLACE INTO attempt (who, id, is_pending, at, ends_at) VALUES (?, ?, ?, ?, ?)',
      who,
      id,
      Number(isPending),
      atMs,
      endsAtMs,
    )
  }
}

const provenOf = (account: string) => `proven ${account}`

interface Row {
  readonly isPending: boolean
  readonly atMs: number
  readonly endsAtMs: number
}

/** Milliseconds to wait; 0: there is a place. `rows`: in order of time. */
function waitFor(rows: readonly Row[], budget: AttemptBudget, nowMs: number): number {
  const { maxFailures, backoffMs, pendingWaitMs, countsUntilQuiet = false, maxPending = maxFailures } = budget
  const isLive = ({ endsAtMs }: Row) => endsAtMs > nowMs
  const pending = rows.filter(row => row.isPending && isLive(row)).length
  // A pending attempt may fail while the directory still counts the others.
  const failures = rows.filter(row => !row.isPending && (isLive(row) || (countsUntilQuiet && pending > 0)))
  const latest = failures.at(-1)
  const count = failures.length
  const backoffLeftMs = latest === undefined ? 0 : latest.atMs + backoffMs * 2 ** (count - 1) - nowMs
  if (count + pending < maxFailures && pending < maxPending) return Math.max(0, backoffLeftMs)
  const firstEndMs = Math.min(...failures.map(({ endsAtMs }) => endsAtMs))
  const placeMs = count < maxFailures ? pendingWaitMs : Math.max(pendingWaitMs, firstEndMs - nowMs)
  return Math.max(placeMs, backoffLeftMs)
}
