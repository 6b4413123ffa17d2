import { type AccountKey, storedAccountKey } from '../account-key.ts'
import { type Awaitable, after } from '../awaitable.ts'
import type { ClientClass } from '../http/client-class.ts'
import { loggedChanges } from '../store/sqlite-change-log.ts'
import type { Row, SqliteDatabase } from '../store/sqlite-database.ts'
import { mergePats, movedPat, type PatRecord, type PatStore, type SeenNetwork } from './pat-store.ts'

export const PAT_SCHEMA = `
CREATE TABLE IF NOT EXISTS pat (
  fingerprint TEXT PRIMARY KEY, account TEXT, first_seen_at INTEGER NOT NULL, last_seen_at INTEGER NOT NULL,
  networks TEXT NOT NULL, client_classes TEXT NOT NULL, is_blocked INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS pat_by_account ON pat (account);
CREATE INDEX IF NOT EXISTS pat_by_last_seen ON pat (is_blocked, last_seen_at);
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

  blockPat(accountKey: AccountKey, fingerprint: string, isBlocked: boolean): Awaitable<boolean> {
    const value = Number(isBlocked)
    return after(
      this.#database.end(
        'UPDATE pat SET is_blocked = ?1 WHERE account = ?2 AND fingerprint = ?3 AND is_blocked <> ?1',
        value,
        accountKey,
        fingerprint,
      ),
      rows => rows > 0,
    )
  }

  movePat(from: string, to: string): Awaitable<void> {
    return this.#database.transaction(() => {
      const moved = this.readPat(from)
      if (moved === undefined) return
      this.#write(movedPat(this.readPat(to), moved, to))
      this.#database.run('DELETE FROM pat WHERE fingerprint = ?', from)
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
      if (count <= maxRows) return
      this.#database.run(
        `DELETE FROM pat WHERE fingerprint IN
       (SELECT fingerprint FROM pat ORDER BY is_blocked, account IS NOT NULL, last_seen_at LIMIT ?)`,
        count - maxRows,
      )
    })
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
