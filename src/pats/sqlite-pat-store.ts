import { type AccountKey, storedAccountKey } from '../account-key.ts'
import type { Awaitable } from '../awaitable.ts'
import type { ClientClass } from '../http/client-class.ts'
import type { BlockedPat } from '../store/changes.ts'
import { loggedChanges } from '../store/sqlite-change-log.ts'
import type { Row, SqliteDatabase } from '../store/sqlite-database.ts'
import { blockedUnseen, mergePats, movedPat, type PatRecord, type PatStore, type SeenNetwork } from './pat-store.ts'

export const PAT_SCHEMA = `
CREATE TABLE IF NOT EXISTS pat (
  fingerprint TEXT PRIMARY KEY, account TEXT, first_seen_at INTEGER NOT NULL, last_seen_at INTEGER NOT NULL,
  networks TEXT NOT NULL, client_classes TEXT NOT NULL, is_blocked INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS pat_by_account ON pat (account);
CREATE INDEX IF NOT EXISTS pat_by_last_seen ON pat (is_blocked, last_seen_at);
CREATE TABLE IF NOT EXISTS pat_decision (fingerprint TEXT PRIMARY KEY, decided_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`

/** What the log names the changes of a token by, its confirmations among them. When it was last used is none. */
export const PAT_LOGGED = 'pat:'

export const PAT_CHANGES = loggedChanges('pat', row => `SELECT '${PAT_LOGGED}' || ${row}.fingerprint`, [
  ...['fingerprint', 'account', 'first_seen_at', 'networks', 'client_classes', 'is_blocked'],
])

export class SqlitePatStore implements PatStore {
  readonly #database: SqliteDatabase

  constructor(database: SqliteDatabase) {
    this.#database = database
  }

  readPat(fingerprint: string): PatRecord | undefined {
    const row = this.#database.row('SELECT * FROM pat WHERE fingerprint = ?', fingerprint)
    return row === undefined ? undefined : toRecord(row)
  }

  recordUses(uses: Iterable<PatRecord>): Awaitable<void> {
    return this.#database.transaction(() => {
      for (const seen of uses) this.#write(mergePats(this.readPat(seen.fingerprint), seen))
    })
  }

  noteUses(lastSeenAtMs: ReadonlyMap<string, number>): Awaitable<void> {
    return this.#database.transaction(() => {
      for (const [fingerprint, atMs] of lastSeenAtMs)
        this.#database.run(
          'UPDATE pat SET last_seen_at = ?1 WHERE fingerprint = ?2 AND last_seen_at < ?1',
          atMs,
          fingerprint,
        )
    })
  }

  patsOf(accountKey: AccountKey): PatRecord[] {
    return this.#database
      .rows('SELECT * FROM pat WHERE account = ? ORDER BY last_seen_at DESC', accountKey)
      .map(toRecord)
  }

  decidedAtMs(fingerprint: string): number {
    return Number(
      this.#database.row('SELECT decided_at FROM pat_decision WHERE fingerprint = ?', fingerprint)?.decided_at ?? 0,
    )
  }

  blockPat(accountKey: AccountKey, fingerprint: string, isBlocked: boolean, decidedAtMs: number): Awaitable<boolean> {
    const block = { accountKey, fingerprint, decidedAtMs }
    return this.#database.transaction(() => this.#decide(block, isBlocked), true)
  }

  blockPatLate(block: BlockedPat): Awaitable<void> {
    const { fingerprint, decidedAtMs } = block
    return this.#database.transaction(() => {
      if (this.decidedAtMs(fingerprint) >= decidedAtMs) return
      const known = this.readPat(fingerprint)
      if (known?.accountKey === undefined) this.#write(mergePats(known, blockedUnseen(block)))
      this.#decide(block, true)
    }, true)
  }

  movePat(from: string, to: string): Awaitable<void> {
    return this.#database.transaction(() => {
      const moved = this.readPat(from)
      if (moved === undefined) return
      this.#write(movedPat(this.readPat(to), moved, to))
      this.#keepDecision(to, this.decidedAtMs(from))
      for (const table of ['pat', 'pat_decision'])
        this.#database.run(`DELETE FROM ${table} WHERE fingerprint = ?`, from)
    })
  }

  blockedPats(): string[] {
    return this.#database
      .rows('SELECT fingerprint FROM pat WHERE is_blocked = 1')
      .map(({ fingerprint }) => String(fingerprint))
  }

  sweepPats(seenBeforeMs: number, maxRows: number): Awaitable<void> {
    return this.#database.transaction(() => {
      this.#database.run('DELETE FROM pat WHERE is_blocked = 0 AND last_seen_at < ?', seenBeforeMs)
      const count = Number(this.#database.row('SELECT count(*) AS count FROM pat')?.count)
      if (count > maxRows)
        this.#database.run(
          `DELETE FROM pat WHERE fingerprint IN
       (SELECT fingerprint FROM pat ORDER BY is_blocked, account IS NOT NULL, last_seen_at LIMIT ?)`,
          count - maxRows,
        )
      this.#database.run('DELETE FROM pat_decision WHERE fingerprint NOT IN (SELECT fingerprint FROM pat)')
    })
  }

  #decide({ accountKey, fingerprint, decidedAtMs }: BlockedPat, isBlocked: boolean): boolean {
    const rows = this.#database.run(
      'UPDATE pat SET is_blocked = ?1 WHERE account = ?2 AND fingerprint = ?3 AND is_blocked <> ?1',
      Number(isBlocked),
      accountKey,
      fingerprint,
    )
    if (rows > 0) this.#keepDecision(fingerprint, decidedAtMs)
    return rows > 0
  }

  #keepDecision(fingerprint: string, decidedAtMs: number): void {
    if (decidedAtMs === 0) return
    this.#database.run(
      `INSERT INTO pat_decision (fingerprint, decided_at) VALUES (?, ?)
       ON CONFLICT DO UPDATE SET decided_at = max(decided_at, excluded.decided_at)`,
      fingerprint,
      decidedAtMs,
    )
  }

  #write(record: PatRecord): void {
    this.#database.run(
      `INSERT OR REPLACE INTO pat
       (fingerprint, account, first_seen_at, last_seen_at, networks, client_classes, is_blocked)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
      record.fingerprint,
      record.accountKey ?? null,
      record.firstSeenAtMs,
      record.lastSeenAtMs,
      JSON.stringify(record.networks),
      JSON.stringify(record.clientClasses),
      Number(record.isBlocked),
    )
  }
}

/** Our own writing, so its form is known. */
function toRecord(row: Row): PatRecord {
  return {
    fingerprint: String(row.fingerprint),
    firstSeenAtMs: Number(row.first_seen_at),
    lastSeenAtMs: Number(row.last_seen_at),
    networks: JSON.parse(String(row.networks)) as SeenNetwork[],
    clientClasses: JSON.parse(String(row.client_classes)) as ClientClass[],
    accountKey: typeof row.account === 'string' ? storedAccountKey(row.account) : undefined,
    isBlocked: row.is_blocked === 1,
  }
}
