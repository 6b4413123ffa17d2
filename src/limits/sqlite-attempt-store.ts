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
    return this.#database.transaction(() => {
      this.#database.run(
        'UPDATE attempt SET at = ?1, ends_at = ?1 + ends_at - at WHERE who = ?2 AND at > ?3',
        nowMs,
        who,
        nowMs + MAX_AHEAD_MS,
      )
      const rows = this.#database.rows(
        'SELECT is_pending, at FROM attempt WHERE who = ? AND ends_at > ? ORDER BY at',
        who,
        nowMs,
      )
      const failuresAtMs = rows.filter(row => row.is_pending === 0).map(row => Number(row.at))
      const waitMs = waitFor(failuresAtMs, rows.length - failuresAtMs.length, budget, nowMs)
      if (waitMs === 0) this.#write(who, id, true, nowMs, nowMs + budget.pendingMs)
      return waitMs
    })
  }

  settle(who: string, id: string, end: AttemptEnd, { windowMs }: AttemptBudget, nowMs: number): Awaitable<void> {
    return this.#database.write(() => {
      if (end === 'failed') this.#write(who, id, false, nowMs, nowMs + windowMs)
      else if (end === 'released') this.#database.run('DELETE FROM attempt WHERE who = ? AND id = ?', who, id)
      else this.#database.run('DELETE FROM attempt WHERE who = ? AND (id = ? OR is_pending = 0)', who, id)
    })
  }

  /** In the same table: a network that is proven is a row that counts for no budget. */
  prove(account: string, network: string, untilMs: number, nowMs: number): Awaitable<void> {
    const who = provenOf(account)
    return this.#database.transaction(() => {
      this.#write(who, network, false, nowMs, untilMs)
      this.#database.run(
        `DELETE FROM attempt WHERE who = ?1 AND id NOT IN
         (SELECT id FROM attempt WHERE who = ?1 ORDER BY id = ?3 DESC, ends_at DESC LIMIT ?2)`,
        who,
        MAX_PROVEN_NETWORKS,
        // Whatever its time: the clock may have been set back.
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

/** `failuresAtMs`: those within the window, in order of time. */
function waitFor(failuresAtMs: readonly number[], pending: number, budget: AttemptBudget, nowMs: number): number {
  const { maxFailures, windowMs, backoffMs, pendingWaitMs } = budget
  const [oldestAtMs, latestAtMs] = [failuresAtMs[0], failuresAtMs.at(-1)]
  const count = failuresAtMs.length
  const backoffLeftMs = latestAtMs === undefined ? 0 : latestAtMs + backoffMs * 2 ** (count - 1) - nowMs
  if (count + pending < maxFailures) return Math.max(0, backoffLeftMs)
  const placeMs = oldestAtMs === undefined || count < maxFailures ? pendingWaitMs : oldestAtMs + windowMs - nowMs
  return Math.max(placeMs, backoffLeftMs)
}
