import { type AccountKey, storedAccountKey } from '../account-key.ts'
import { type Awaitable, after } from '../awaitable.ts'
import type { ClientClass } from '../http/client-class.ts'
import type { Row, SqliteDatabase } from '../store/sqlite-database.ts'
import type { Grant, GrantRequest, GrantScope, GrantStore } from './grant-store.ts'

export const GRANT_SCHEMA = `
CREATE TABLE IF NOT EXISTS grant_request (
  code TEXT PRIMARY KEY, account TEXT NOT NULL, network TEXT NOT NULL, client_class TEXT NOT NULL,
  client_address TEXT NOT NULL, user_agent TEXT NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
  max_age INTEGER NOT NULL, accept_acr TEXT
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS grant_request_by_scope ON grant_request (account, network, client_class);
CREATE INDEX IF NOT EXISTS grant_request_by_expiry ON grant_request (expires_at);
CREATE TABLE IF NOT EXISTS second_factor_grant (
  account TEXT NOT NULL, network TEXT NOT NULL, client_class TEXT NOT NULL, id TEXT NOT NULL UNIQUE,
  client_address TEXT NOT NULL, user_agent TEXT NOT NULL, granted_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
  auth_time INTEGER NOT NULL, acr TEXT, PRIMARY KEY (account, network, client_class)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS grant_by_expiry ON second_factor_grant (expires_at);
`

/** Whoever has a password and many addresses must not fill the store: the oldest request makes room. */
const MAX_REQUESTS_PER_ACCOUNT = 100

export class SqliteGrantStore implements GrantStore {
  readonly #database: SqliteDatabase

  constructor(database: SqliteDatabase) {
    this.#database = database
  }

  findGrant({ accountKey, network, clientClass }: GrantScope): Grant | undefined {
    const row = this.#database.row(
      'SELECT * FROM second_factor_grant WHERE account = ? AND network = ? AND client_class = ?',
      accountKey,
      network,
      clientClass,
    )
    return row === undefined ? undefined : toGrant(row)
  }

  grantsOf(accountKey: AccountKey): Grant[] {
    return this.#database
      .rows('SELECT * FROM second_factor_grant WHERE account = ? ORDER BY granted_at DESC', accountKey)
      .map(toGrant)
  }

  openRequest(request: GrantRequest, nowMs: number): Awaitable<GrantRequest> {
    const { accountKey, network, clientClass, maxAgeSeconds, acceptAcr } = request
    return this.#database.transaction(() => {
      const row = this.#database.row(
        'SELECT * FROM grant_request WHERE account = ? AND network = ? AND client_class = ? AND expires_at > ?',
        accountKey,
        network,
        clientClass,
        nowMs,
      )
      const open = row === undefined ? undefined : toRequest(row)
      // A link that was shown stays good, unless it asks for less than is asked now.
      if (open !== undefined && open.maxAgeSeconds <= maxAgeSeconds && String(open.acceptAcr) === String(acceptAcr))
        return open
      this.#database.run(
        'DELETE FROM grant_request WHERE account = ? AND network = ? AND client_class = ?',
        accountKey,
        network,
        clientClass,
      )
      this.#database.run(
        'INSERT INTO grant_request VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
        request.code,
        accountKey,
        network,
        clientClass,
        request.clientAddress,
        request.userAgent,
        request.createdAtMs,
        request.expiresAtMs,
        maxAgeSeconds,
        acceptAcr === undefined ? null : JSON.stringify(acceptAcr),
      )
      this.#database.run(
        `DELETE FROM grant_request WHERE account = ?1 AND code NOT IN
         (SELECT code FROM grant_request WHERE account = ?1 ORDER BY created_at DESC LIMIT ?2)`,
        accountKey,
        MAX_REQUESTS_PER_ACCOUNT,
      )
      return request
    })
  }

  readRequest(code: string): GrantRequest | undefined {
    const row = this.#database.row('SELECT * FROM grant_request WHERE code = ?', code)
    return row === undefined ? undefined : toRequest(row)
  }

  confirm(code: string, grant: Grant): Awaitable<boolean> {
    return this.#database.transaction(() => {
      if (this.#database.run('DELETE FROM grant_request WHERE code = ?', code) === 0) return false
      this.#database.run(
        `INSERT OR REPLACE INTO second_factor_grant
         (account, network, client_class, id, client_address, user_agent, granted_at, expires_at, auth_time, acr)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        grant.accountKey,
        grant.network,
        grant.clientClass,
        grant.id,
        grant.clientAddress,
        grant.userAgent,
        grant.grantedAtMs,
        grant.expiresAtMs,
        grant.authTime,
        grant.acr ?? null,
      )
      return true
    })
  }

  revokeGrant(accountKey: AccountKey, id: string): Awaitable<boolean> {
    return after(
      this.#database.update('DELETE FROM second_factor_grant WHERE account = ? AND id = ?', accountKey, id),
      rows => rows > 0,
    )
  }

  revokeGrantsOf(accountKey: AccountKey): Awaitable<void> {
    return this.#database.execute('DELETE FROM second_factor_grant WHERE account = ?', accountKey)
  }

  sweepGrants(nowMs: number): Awaitable<void> {
    return this.#database.transaction(() => {
      this.#database.run('DELETE FROM grant_request WHERE expires_at <= ?', nowMs)
      this.#database.run('DELETE FROM second_factor_grant WHERE expires_at <= ?', nowMs)
    })
  }
}

function toGrant(row: Row): Grant {
  return {
    ...scopeOf(row),
    id: String(row.id),
    clientAddress: String(row.client_address),
    userAgent: String(row.user_agent),
    grantedAtMs: Number(row.granted_at),
    expiresAtMs: Number(row.expires_at),
    authTime: Number(row.auth_time),
    acr: row.acr == null ? undefined : String(row.acr),
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
  }
}

const scopeOf = (row: Row): GrantScope => ({
  accountKey: storedAccountKey(String(row.account)),
  network: String(row.network),
  clientClass: String(row.client_class) as ClientClass,
})
