import { type AccountKey, storedAccountKey } from '../account-key.ts'
import { type Awaitable, after } from '../awaitable.ts'
import { loggedChanges } from '../store/sqlite-change-log.ts'
import type { Row, SqliteDatabase } from '../store/sqlite-database.ts'
import type { Grant, GrantRequest, GrantScope, GrantStore } from './grant-store.ts'
import { REQUEST_SCHEMA, SqliteGrantRequestStore, scopeOf } from './sqlite-grant-request-store.ts'
import { areConfirmations, flatOf, readConfirmations, withEarlier, writtenConfirmations } from './written-grant.ts'

/** `grant_confirmations` has what the older table has no columns for; a row without its grant has no meaning. */
export const GRANT_SCHEMA = `${REQUEST_SCHEMA}
CREATE TABLE IF NOT EXISTS second_factor_grant (
  account TEXT NOT NULL, network TEXT NOT NULL, client_class TEXT NOT NULL, id TEXT NOT NULL UNIQUE,
  client_address TEXT NOT NULL, user_agent TEXT NOT NULL, granted_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
  auth_time INTEGER NOT NULL, acr TEXT, PRIMARY KEY (account, network, client_class)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS grant_by_expiry ON second_factor_grant (expires_at);
CREATE TABLE IF NOT EXISTS grant_confirmations (
  grant_id TEXT PRIMARY KEY, confirmations TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`

/** What the log names the changes of an account's grants by. */
export const GRANTS_LOGGED = 'grants:'

/** Confirmations of a grant that is gone have none to name, and nobody reads them. */
export const GRANT_CHANGES =
  loggedChanges('second_factor_grant', row => `SELECT '${GRANTS_LOGGED}' || ${row}.account`, [
    ...['account', 'network', 'client_class', 'id', 'granted_at', 'expires_at', 'auth_time', 'acr'],
  ]) +
  loggedChanges(
    'grant_confirmations',
    row => `SELECT '${GRANTS_LOGGED}' || account FROM second_factor_grant WHERE id = ${row}.grant_id`,
    ['grant_id', 'confirmations'],
  )

const GRANTS = 'SELECT * FROM second_factor_grant LEFT JOIN grant_confirmations ON grant_id = id'

export class SqliteGrantStore implements GrantStore {
  readonly #database: SqliteDatabase
  readonly #requests: SqliteGrantRequestStore

  constructor(database: SqliteDatabase) {
    this.#database = database
    this.#requests = new SqliteGrantRequestStore(database)
  }

  findGrant({ accountKey, network, clientClass }: GrantScope): Grant | undefined {
    const row = this.#database.row(
      `${GRANTS} WHERE account = ? AND network = ? AND client_class = ?`,
      accountKey,
      network,
      clientClass,
    )
    return row === undefined ? undefined : toGrant(row)
  }

  grantsOf(accountKey: AccountKey): Grant[] {
    return this.#database.rows(`${GRANTS} WHERE account = ? ORDER BY granted_at DESC`, accountKey).map(toGrant)
  }

  accountsGrantedLast(most: number): AccountKey[] {
    const rows = this.#database.rows('SELECT account FROM second_factor_grant ORDER BY granted_at DESC LIMIT ?', most)
    return [...new Set(rows.map(row => storedAccountKey(String(row.account))))]
  }

  openRequest(request: GrantRequest, nowMs: number): Awaitable<GrantRequest> {
    return this.#database.transaction(() => this.#requests.open(request, nowMs))
  }

  readRequest(code: string): GrantRequest | undefined {
    return this.#requests.read(code)
  }

  confirm(code: string, made: Grant): Awaitable<boolean> {
    return this.#database.transaction(() => {
      if (!this.#requests.take(code)) return false
      const before = this.findGrant(made)
      const grant = withEarlier(made, before)
      const { grantedAtMs, expiresAtMs, authTime, acr } = flatOf(grant)
      if (before !== undefined) this.#database.run('DELETE FROM grant_confirmations WHERE grant_id = ?', before.id)
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
        grantedAtMs,
        expiresAtMs,
        authTime,
        acr ?? null,
      )
      this.#database.run(
        'INSERT OR REPLACE INTO grant_confirmations (grant_id, confirmations) VALUES (?, ?)',
        grant.id,
        JSON.stringify(writtenConfirmations(grant)),
      )
      return true
    })
  }

  refuseRequest({ code }: GrantRequest): Awaitable<boolean> {
    return this.#database.transaction(() => this.#requests.take(code))
  }

  revokeGrant(accountKey: AccountKey, id: string): Awaitable<boolean> {
    return after(
      this.#database.end('DELETE FROM second_factor_grant WHERE account = ? AND id = ?', accountKey, id),
      rows => rows > 0,
    )
  }

  revokeGrantsOf(accountKey: AccountKey): Awaitable<void> {
    const ended = this.#database.end('DELETE FROM second_factor_grant WHERE account = ?', accountKey)
    return after(ended, () => undefined)
  }

  sweepGrants(nowMs: number): Awaitable<void> {
    return this.#database.transaction(() => {
      this.#requests.sweep(nowMs)
      this.#database.run('DELETE FROM second_factor_grant WHERE expires_at <= ?', nowMs)
      this.#database.run('DELETE FROM grant_confirmations WHERE grant_id NOT IN (SELECT id FROM second_factor_grant)')
    })
  }
}

function toGrant(row: Row): Grant {
  const written: unknown = row.confirmations == null ? undefined : JSON.parse(String(row.confirmations))
  return {
    ...scopeOf(row),
    id: String(row.id),
    clientAddress: String(row.client_address),
    userAgent: String(row.user_agent),
    confirmations: readConfirmations(written === undefined || areConfirmations(written) ? written : [], {
      grantedAtMs: Number(row.granted_at),
      expiresAtMs: Number(row.expires_at),
      authTime: Number(row.auth_time),
      acr: row.acr == null ? undefined : String(row.acr),
    }),
  }
}
