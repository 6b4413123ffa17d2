/** Open requests in SQLite. Methods that change something must be called within a transaction. */
import { storedAccountKey } from '../account-key.ts'
import { coverText, parseCover } from '../cover.ts'
import type { ClientClass } from '../http/client-class.ts'
import type { Row, SqliteDatabase } from '../store/sqlite-database.ts'
import { type GrantRequest, type GrantScope, isStillGood, MAX_REQUESTS_PER_ACCOUNT } from './grant-store.ts'

/**
 * `grant_request` is what earlier versions know: one request for a scope, whatever for. They go on writing it, and what
 * is asked for here stands there, too, where there is room, so that they can show and confirm it.
 */
export const REQUEST_SCHEMA = `
CREATE TABLE IF NOT EXISTS grant_request (
  code TEXT PRIMARY KEY, account TEXT NOT NULL, network TEXT NOT NULL, client_class TEXT NOT NULL,
  client_address TEXT NOT NULL, user_agent TEXT NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
  max_age INTEGER NOT NULL, accept_acr TEXT
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS grant_request_by_scope ON grant_request (account, network, client_class);
CREATE INDEX IF NOT EXISTS grant_request_by_expiry ON grant_request (expires_at);
CREATE TABLE IF NOT EXISTS covered_request (
  code TEXT PRIMARY KEY, account TEXT NOT NULL, network TEXT NOT NULL, client_class TEXT NOT NULL, cover TEXT NOT NULL,
  client_address TEXT NOT NULL, user_agent TEXT NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
  max_age INTEGER NOT NULL, accept_acr TEXT
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS covered_request_by_scope ON covered_request (account, network, client_class, cover);
CREATE INDEX IF NOT EXISTS covered_request_by_expiry ON covered_request (expires_at);`

const COLUMNS =
  'code, account, network, client_class, client_address, user_agent, created_at, expires_at, max_age, accept_acr'

export class SqliteGrantRequestStore {
  readonly #database: SqliteDatabase

  constructor(database: SqliteDatabase) {
    this.#database = database
  }

  /** The request, or the one that is open for the same. */
  open(request: GrantRequest, nowMs: number): GrantRequest {
    const { accountKey, network, clientClass, cover } = request
    const written = cover === undefined ? '' : coverText(cover)
    const row = this.#database.row(
      'SELECT * FROM covered_request WHERE account = ? AND network = ? AND client_class = ? AND cover = ?',
      accountKey,
      network,
      clientClass,
      written,
    )
    const known = row === undefined ? undefined : toRequest(row)
    if (known !== undefined && isStillGood(known, request, nowMs)) return known
    if (known !== undefined) this.take(known.code)
    this.#keep(request, written, nowMs)
    return request
  }

  read(code: string): GrantRequest | undefined {
    const row =
      this.#database.row('SELECT * FROM covered_request WHERE code = ?', code) ??
      this.#database.row('SELECT * FROM grant_request WHERE code = ?', code)
    return row === undefined ? undefined : toRequest(row)
  }

  /** False if there was no such request. */
  take(code: string): boolean {
    const covered = this.#database.run('DELETE FROM covered_request WHERE code = ?', code)
    return this.#database.run('DELETE FROM grant_request WHERE code = ?', code) + covered > 0
  }

  sweep(nowMs: number): void {
    this.#database.run('DELETE FROM covered_request WHERE expires_at <= ?', nowMs)
    this.#database.run('DELETE FROM grant_request WHERE expires_at <= ?', nowMs)
  }

  #keep(request: GrantRequest, cover: string, nowMs: number): void {
    const { accountKey, network, clientClass } = request
    const values = [
      ...[request.code, accountKey, network, clientClass, request.clientAddress, request.userAgent],
      ...[request.createdAtMs, request.expiresAtMs, request.maxAgeSeconds],
      request.acceptAcr === undefined ? null : JSON.stringify(request.acceptAcr),
    ]
    this.#database.run(
      `INSERT INTO covered_request (${COLUMNS}, cover) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...values,
      cover,
    )
    this.#database.run(
      'DELETE FROM grant_request WHERE account = ? AND network = ? AND client_class = ? AND expires_at <= ?',
      accountKey,
      network,
      clientClass,
      nowMs,
    )
    this.#database.run(
      `INSERT OR IGNORE INTO grant_request (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...values,
    )
    const old = this.#database.rows(
      'SELECT code FROM covered_request WHERE account = ? ORDER BY code = ? DESC, created_at DESC LIMIT -1 OFFSET ?',
      accountKey,
      // Never this one: the clock may have been set back.
      request.code,
      MAX_REQUESTS_PER_ACCOUNT,
    )
    for (const { code } of old) this.take(String(code))
  }
}

function toRequest(row: Row): GrantRequest {
  return {
    ...scopeOf(row),
    code: String(row.code),
    clientAddress: String(row.client_address),
    userAgent: String(row.user_agent),
    createdAtMs: Number(row.created_at),
    expiresAtMs: Number(row.expires_at),
    maxAgeSeconds: Number(row.max_age),
    acceptAcr: row.accept_acr == null ? undefined : JSON.parse(String(row.accept_acr)),
    cover: parseCover(String(row.cover ?? '')),
  }
}

export const scopeOf = (row: Row): GrantScope => ({
  accountKey: storedAccountKey(String(row.account)),
  network: String(row.network),
  clientClass: String(row.client_class) as ClientClass,
})
