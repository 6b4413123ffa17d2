import { type AccountKey, storedAccountKey } from '../account-key.ts'
import type { Awaitable } from '../awaitable.ts'
import type { ClientClass } from '../http/client-class.ts'
import { loggedChanges } from '../store/sqlite-change-log.ts'
import type { Row, SqliteDatabase } from '../store/sqlite-database.ts'
import {
  MAX_PAT_CONFIRMATIONS_PER_ACCOUNT,
  MAX_PAT_REQUESTS_PER_ACCOUNT,
  type PatConfirmation,
  type PatConfirmationStore,
  type PatRequest,
  type PatScope,
} from './pat-confirmation-store.ts'
import { PAT_LOGGED } from './sqlite-pat-store.ts'

export const PAT_CONFIRMATION_SCHEMA = `
CREATE TABLE IF NOT EXISTS pat_request (
  code TEXT PRIMARY KEY, account TEXT NOT NULL, fingerprint TEXT NOT NULL, network TEXT NOT NULL,
  client_address TEXT NOT NULL, client_class TEXT NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS pat_request_by_scope ON pat_request (account, fingerprint, network);
CREATE TABLE IF NOT EXISTS pat_confirmation (
  fingerprint TEXT NOT NULL, network TEXT NOT NULL, account TEXT NOT NULL, is_withdrawn INTEGER NOT NULL,
  decided_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, PRIMARY KEY (fingerprint, network, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS pat_confirmation_by_account ON pat_confirmation (account, decided_at);
`

export const PAT_CONFIRMATION_CHANGES = loggedChanges(
  'pat_confirmation',
  row => `SELECT '${PAT_LOGGED}' || ${row}.fingerprint`,
  ['fingerprint', 'network', 'account', 'is_withdrawn', 'decided_at', 'expires_at'],
)

export class SqlitePatConfirmationStore implements PatConfirmationStore {
  readonly #database: SqliteDatabase

  constructor(database: SqliteDatabase) {
    this.#database = database
  }

  confirmationsFor(fingerprint: string): PatConfirmation[] {
    return this.#database.rows('SELECT * FROM pat_confirmation WHERE fingerprint = ?', fingerprint).map(toConfirmation)
  }

  confirmationsOf(accountKey: AccountKey): PatConfirmation[] {
    return this.#database
      .rows('SELECT * FROM pat_confirmation WHERE account = ? ORDER BY decided_at DESC', accountKey)
      .map(toConfirmation)
  }

  openRequest(request: PatRequest, nowMs: number): Awaitable<PatRequest> {
    const { accountKey, fingerprint, network } = request
    const open = this.#database.row(
      'SELECT * FROM pat_request WHERE account = ? AND fingerprint = ? AND network = ? AND expires_at > ?',
      accountKey,
      fingerprint,
      network,
      nowMs,
    )
    if (open !== undefined) return toRequest(open)
    return this.#database.transaction(() => {
      this.#database.run(
        `INSERT OR REPLACE INTO pat_request
         (code, account, fingerprint, network, client_address, client_class, created_at, expires_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        ...[request.code, accountKey, fingerprint, network, request.clientAddress, request.clientClass],
        ...[request.createdAtMs, request.expiresAtMs],
      )
      this.#database.run(
        `DELETE FROM pat_request WHERE code IN
         (SELECT code FROM pat_request WHERE account = ? ORDER BY code = ? DESC, created_at DESC LIMIT -1 OFFSET ?)`,
        accountKey,
        // Never this one: the clock may have been set back. So it is with decisions.
        request.code,
        MAX_PAT_REQUESTS_PER_ACCOUNT,
      )
      return request
    })
  }

  readRequest(code: string): PatRequest | undefined {
    const row = this.#database.row('SELECT * FROM pat_request WHERE code = ?', code)
    return row === undefined ? undefined : toRequest(row)
  }

  requestsOf(accountKey: AccountKey): PatRequest[] {
    return this.#database
      .rows('SELECT * FROM pat_request WHERE account = ? ORDER BY created_at DESC', accountKey)
      .map(toRequest)
  }

  confirm(code: string, confirmation: PatConfirmation): Awaitable<boolean> {
    return this.#database.transaction(() => {
      if (this.#database.run('DELETE FROM pat_request WHERE code = ?', code) === 0) return false
      this.#keep(confirmation, false)
      return true
    }, confirmation.isWithdrawn)
  }

  keepConfirmation(confirmation: PatConfirmation, unlessLater = false): Awaitable<void> {
    return this.#database.transaction(() => this.#keep(confirmation, unlessLater), confirmation.isWithdrawn)
  }

  moveConfirmations(from: string, to: string): Awaitable<void> {
    return this.#database.transaction(() => {
      this.#database.run(
        `INSERT INTO pat_confirmation (fingerprint, network, account, is_withdrawn, decided_at, expires_at)
         SELECT ?, network, account, is_withdrawn, decided_at, expires_at FROM pat_confirmation WHERE fingerprint = ?
         ON CONFLICT DO UPDATE SET
         is_withdrawn = excluded.is_withdrawn, decided_at = excluded.decided_at, expires_at = excluded.expires_at
         WHERE excluded.decided_at > decided_at`,
        to,
        from,
      )
      this.#database.run('DELETE FROM pat_confirmation WHERE fingerprint = ?', from)
    })
  }

  sweepConfirmations(nowMs: number): Awaitable<void> {
    return this.#database.transaction(() => {
      this.#database.run('DELETE FROM pat_request WHERE expires_at <= ?', nowMs)
      this.#database.run('DELETE FROM pat_confirmation WHERE expires_at <= ?', nowMs)
    })
  }

  #keep(confirmation: PatConfirmation, unlessLater: boolean): void {
    const { fingerprint, network, accountKey, isWithdrawn, decidedAtMs, expiresAtMs } = confirmation
    this.#database.run(
      `INSERT INTO pat_confirmation (fingerprint, network, account, is_withdrawn, decided_at, expires_at)
       VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET
       is_withdrawn = excluded.is_withdrawn, decided_at = excluded.decided_at, expires_at = excluded.expires_at
       WHERE ? = 0 OR excluded.decided_at > decided_at`,
      ...[fingerprint, network, accountKey, Number(isWithdrawn), decidedAtMs, expiresAtMs, Number(unlessLater)],
    )
    this.#database.run(
      `DELETE FROM pat_confirmation WHERE account = ?1 AND (fingerprint, network) IN
       (SELECT fingerprint, network FROM pat_confirmation WHERE account = ?1
        ORDER BY fingerprint = ?3 AND network = ?4 DESC, decided_at DESC LIMIT -1 OFFSET ?2)`,
      ...[accountKey, MAX_PAT_CONFIRMATIONS_PER_ACCOUNT, fingerprint, network],
    )
  }
}

const scopeOf = (row: Row): PatScope => ({
  accountKey: storedAccountKey(String(row.account)),
  fingerprint: String(row.fingerprint),
  network: String(row.network),
})

const toConfirmation = (row: Row): PatConfirmation => ({
  ...scopeOf(row),
  isWithdrawn: row.is_withdrawn === 1,
  decidedAtMs: Number(row.decided_at),
  expiresAtMs: Number(row.expires_at),
})

const toRequest = (row: Row): PatRequest => ({
  ...scopeOf(row),
  code: String(row.code),
  clientAddress: String(row.client_address),
  clientClass: String(row.client_class) as ClientClass,
  createdAtMs: Number(row.created_at),
  expiresAtMs: Number(row.expires_at),
})
