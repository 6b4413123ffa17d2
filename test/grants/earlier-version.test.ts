/** An earlier version works on the same file: its statements, word for word, beside the store of today. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { GRANT_SCHEMA, SqliteGrantStore } from '../../src/grants/sqlite-grant-store.ts'
import { SqliteDatabase } from '../../src/store/sqlite-database.ts'
import { confirmation, NOW_MS, PUSH, sampleGrant, sampleRequest } from './grant-store-contract.ts'

/** What it makes where it is missing: unique indexes must hold for what is there by now. */
const EARLIER_SCHEMA = `
CREATE TABLE IF NOT EXISTS grant_request (
  code TEXT PRIMARY KEY, account TEXT NOT NULL, network TEXT NOT NULL, client_class TEXT NOT NULL,
  client_address TEXT NOT NULL, user_agent TEXT NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
  max_age INTEGER NOT NULL, accept_acr TEXT
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS grant_request_by_scope ON grant_request (account, network, client_class);
CREATE TABLE IF NOT EXISTS second_factor_grant (
  account TEXT NOT NULL, network TEXT NOT NULL, client_class TEXT NOT NULL, id TEXT NOT NULL UNIQUE,
  client_address TEXT NOT NULL, user_agent TEXT NOT NULL, granted_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
  auth_time INTEGER NOT NULL, acr TEXT, PRIMARY KEY (account, network, client_class)
) STRICT, WITHOUT ROWID;`

const { accountKey, network, clientClass, clientAddress, userAgent } = sampleGrant()
const SCOPE = [accountKey, network, clientClass] as const

let database: SqliteDatabase
let store: SqliteGrantStore
beforeEach(() => {
  database = SqliteDatabase.inMemory(EARLIER_SCHEMA + GRANT_SCHEMA)
  store = new SqliteGrantStore(database)
})
afterEach(() => database.close())

const earlierRequest = (code: string) =>
  database.run(
    'INSERT INTO grant_request VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    ...[code, ...SCOPE, clientAddress, userAgent, NOW_MS, NOW_MS + 900_000, 900, null],
  )

function earlierConfirm(code: string, id: string): boolean {
  if (database.run('DELETE FROM grant_request WHERE code = ?', code) === 0) return false
  database.run(
    `INSERT OR REPLACE INTO second_factor_grant
         (account, network, client_class, id, client_address, user_agent, granted_at, expires_at, auth_time, acr)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ...[...SCOPE, id, clientAddress, userAgent, NOW_MS, NOW_MS + 28_800_000, NOW_MS / 1000, 'mfa'],
  )
  return true
}

const earlierGrant = () =>
  database.row('SELECT * FROM second_factor_grant WHERE account = ? AND network = ? AND client_class = ?', ...SCOPE)

test('its link is shown and confirmed here, and its grant is a grant here, for whatever its class of client does', () => {
  earlierRequest('EARLIER2')
  assert.deepEqual(store.readRequest('EARLIER2'), sampleRequest({ code: 'EARLIER2', cover: undefined }))
  assert.equal(store.confirm('EARLIER2', sampleGrant({ confirmations: [confirmation({ cover: undefined })] })), true)
  assert.equal(store.readRequest('EARLIER2'), undefined)
  earlierRequest('EARLIER3')
  assert.equal(earlierConfirm('EARLIER3', 'by-earlier'), true)
  const evidence = { acr: 'mfa', acrs: [], amr: [], authTime: NOW_MS / 1000 }
  const expected = confirmation({ cover: undefined, evidence, binding: undefined })
  assert.deepEqual(store.findGrant(sampleGrant()), sampleGrant({ id: 'by-earlier', confirmations: [expected] }))
})

test('it shows and confirms a link of today, and reads a grant of today with the evidence it knows', () => {
  store.openRequest(sampleRequest(), NOW_MS)
  store.openRequest(sampleRequest({ code: 'PVSHPVSH', cover: PUSH }), NOW_MS)
  assert.equal(database.row('SELECT * FROM grant_request WHERE code = ?', sampleRequest().code)?.max_age, 900)
  store.confirm(sampleRequest().code, sampleGrant())
  assert.deepEqual(
    [earlierGrant()?.id, earlierGrant()?.acr, earlierGrant()?.auth_time],
    ['grant-1', 'mfa', NOW_MS / 1000],
  )
  store.openRequest(sampleRequest({ code: 'SECOND22' }), NOW_MS)
  assert.equal(earlierConfirm('SECOND22', 'by-earlier'), true)
  assert.deepEqual(store.findGrant(sampleGrant())?.confirmations.length, 1)
  // It opens its own once ours are gone.
  store.sweepGrants(NOW_MS + 900_000)
  earlierRequest('EARLIER2')
})

test('what it takes back is taken back, whatever was confirmed', () => {
  store.openRequest(sampleRequest({ cover: PUSH }), NOW_MS)
  store.confirm(sampleRequest().code, sampleGrant({ confirmations: [confirmation({ cover: PUSH })] }))
  database.run('DELETE FROM second_factor_grant WHERE account = ?', accountKey)
  assert.equal(store.findGrant(sampleGrant()), undefined)
  assert.deepEqual(store.grantsOf(accountKey), [])
  store.sweepGrants(NOW_MS)
  assert.deepEqual(database.rows('SELECT * FROM grant_confirmations'), [])
})

test('a request that made room is shown by neither', () => {
  for (let index = 0; index <= 100; index++) {
    const code = `CODE${index}`
    const change = { code, network: `10.0.${index}.0/24`, createdAtMs: NOW_MS + index }
    store.openRequest(sampleRequest(change), NOW_MS)
  }
  assert.equal(store.readRequest('CODE0'), undefined)
  assert.equal(database.row('SELECT * FROM grant_request WHERE code = ?', 'CODE0'), undefined)
})
