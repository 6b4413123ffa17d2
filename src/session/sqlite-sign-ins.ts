import { type Awaitable, after } from '../awaitable.ts'
import { Fault } from '../errors.ts'
import type { Row, SqliteDatabase } from '../store/sqlite-database.ts'
import { MAX_SIGN_INS, type SignInRecord } from './session-store.ts'

/**
 * An intent is stored in a table of its own, so that a version that does not know intents sees an ordinary sign-in and
 * does nothing else.
 */
export const SIGN_IN_SCHEMA = `
CREATE TABLE IF NOT EXISTS sign_in_attempt (
  number INTEGER PRIMARY KEY, state TEXT NOT NULL UNIQUE, browser_key TEXT NOT NULL, nonce TEXT NOT NULL,
  code_verifier TEXT NOT NULL, return_to TEXT NOT NULL, expires_at INTEGER NOT NULL,
  max_age INTEGER NOT NULL, acr_values TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS sign_in_attempt_by_browser ON sign_in_attempt (browser_key);
CREATE INDEX IF NOT EXISTS sign_in_attempt_by_expiry ON sign_in_attempt (expires_at);
CREATE TABLE IF NOT EXISTS sign_in_intent (state TEXT PRIMARY KEY, intent TEXT NOT NULL) STRICT, WITHOUT ROWID;
`

/** Sign-ins in flight. */
export class SqliteSignIns {
  readonly #database: SqliteDatabase

  constructor(database: SqliteDatabase) {
    this.#database = database
  }

  add(record: SignInRecord, maxPerBrowser: number): Awaitable<void> {
    // Anybody may begin a sign-in, so what strangers write is bounded, in the write-ahead log as well as in the table.
    if (!this.#database.hasRoomForStrangers)
      throw new Fault('store-unavailable', new Error('the write-ahead log is too long: a reader stands still'))
    return this.#database.transaction(() => {
      this.#insert(record)
      this.#database.run(
        `DELETE FROM sign_in_attempt WHERE browser_key = ?1 AND number NOT IN
       (SELECT number FROM sign_in_attempt WHERE browser_key = ?1 ORDER BY number DESC LIMIT ?2)`,
        record.browserKey,
        maxPerBrowser,
      )
      this.#database.run(
        'DELETE FROM sign_in_attempt WHERE number <= (SELECT max(number) FROM sign_in_attempt) - ?',
        MAX_SIGN_INS,
      )
      if (record.intent !== undefined) this.#forgetLostIntents()
    })
  }

  #insert(record: SignInRecord): void {
    this.#database.run(
      'INSERT INTO sign_in_attempt (state, browser_key, nonce, code_verifier, return_to, expires_at, max_age, acr_values) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      record.state,
      record.browserKey,
      record.nonce,
      record.codeVerifier,
      record.returnTo,
      record.expiresAtMs,
      record.maxAgeSeconds,
      JSON.stringify(record.acrValues),
    )
    if (record.intent === undefined) return
    this.#database.run(
      'INSERT INTO sign_in_intent (state, intent) VALUES (?, ?)',
      record.state,
      JSON.stringify(record.intent),
    )
  }

  /** Cheap: only people who are signed in create intents. */
  #forgetLostIntents(): void {
    this.#database.run('DELETE FROM sign_in_intent WHERE state NOT IN (SELECT state FROM sign_in_attempt)')
  }

  take(state: string): Awaitable<SignInRecord | undefined> {
    const rows = this.#database.updatedRows(
      `DELETE FROM sign_in_attempt WHERE state = ?
       RETURNING *, (SELECT intent FROM sign_in_intent WHERE sign_in_intent.state = sign_in_attempt.state) AS intent`,
      state,
    )
    return after(rows, ([row]) => (row === undefined ? undefined : toSignIn(row)))
  }

  /** To be called within a transaction. */
  sweep(nowMs: number): void {
    this.#database.run('DELETE FROM sign_in_attempt WHERE expires_at < ?', nowMs)
    this.#forgetLostIntents()
  }
}

function toSignIn(row: Row): SignInRecord {
  return {
    state: String(row.state),
    browserKey: String(row.browser_key),
    nonce: String(row.nonce),
    codeVerifier: String(row.code_verifier),
    returnTo: String(row.return_to),
    expiresAtMs: Number(row.expires_at),
    maxAgeSeconds: Number(row.max_age),
    acrValues: JSON.parse(String(row.acr_values)),
    ...(row.intent == null ? {} : { intent: JSON.parse(String(row.intent)) }),
  }
}
