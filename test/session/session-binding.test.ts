/** What lies in the store counts only where this Torhaus has written it, with one of its keys, and as it was. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { bothClocks } from '../../devkit/torhaus/both-clocks.ts'
import { storedAccountKey } from '../../src/account-key.ts'
import { keyOf } from '../../src/session/opaque-id.ts'
import { Sealer } from '../../src/session/sealer.ts'
import { Sessions } from '../../src/session/sessions.ts'
import { SESSION_SCHEMA, SqliteSessionStore } from '../../src/session/sqlite-session-store.ts'
import { Changes } from '../../src/store/changes.ts'
import { SqliteDatabase } from '../../src/store/sqlite-database.ts'
import { PERSON } from './session-lab.ts'

const NOW_MS = 1_800_000_000_000
const TIMES = { idleTimeoutSeconds: 600, absoluteTimeoutSeconds: 3600, cacheMs: 0, maxCached: 10 }
const TOKENS = { refreshToken: 'refresh', idToken: undefined }
const KEY = randomBytes(32)
const OWNER = JSON.stringify(['https://op.example', 'https://devops.example'])

function setUp() {
  const database = SqliteDatabase.inMemory(SESSION_SCHEMA)
  const store = new SqliteSessionStore(database)
  const torhaus = (keys: readonly Buffer[], owner = OWNER) =>
    new Sessions(
      store,
      new Sealer(keys, owner),
      TIMES,
      new Changes(),
      bothClocks(() => NOW_MS),
    )
  return { database, store, torhaus }
}

test('another key, another OP and another name are another Torhaus: none accepts the sessions of the other', async () => {
  const { torhaus } = setUp()
  const ours = torhaus([KEY])
  const id = await ours.open(PERSON, TOKENS)
  assert.ok(await ours.find(id))
  const others = [
    torhaus([randomBytes(32)]),
    torhaus([KEY], JSON.stringify(['https://other-op.example', 'https://devops.example'])),
    torhaus([KEY], JSON.stringify(['https://op.example', 'https://other.example'])),
  ]
  for (const other of others) {
    assert.equal(await other.find(id), undefined)
    assert.deepEqual(await other.of([PERSON.accountKey]), [])
  }
})

test('a key in exchange: what either has bound counts, as long as the key is known', async () => {
  const { torhaus } = setUp()
  const next = randomBytes(32)
  const [early, late] = [
    await torhaus([KEY, next]).open(PERSON, TOKENS),
    await torhaus([next, KEY]).open(PERSON, TOKENS),
  ]
  for (const id of [early, late]) assert.ok(await torhaus([next, KEY]).find(id))
  assert.equal(await torhaus([next]).find(early), undefined)
})

test('whoever writes into the store makes nobody anybody else, nor a second factor where there was none', async () => {
  const changes = [
    `account = 'root'`,
    `account = 'ada' || char(13, 10) || 'X-Evil: 1'`,
    `account_key = 'root'`,
    `subject = 'subject-of-root'`,
    `op_session_id = 'other'`,
    `created_at = created_at + 1000`,
    `evidence = json_set(evidence, '$.acr', 'more')`,
    `evidence = json_set(evidence, '$.authTime', 1900000000)`,
    `evidence = json_remove(evidence, '$.binding')`,
    `evidence = '{}'`,
    `evidence = 'null'`,
    `evidence = '['`,
    `evidence = json_set(evidence, '$.amr', 'otp')`,
    `evidence = json_set(evidence, '$.acrs', json('[7]'))`,
    `evidence = json_set(evidence, '$.ticket', json('{"indicators":["otp"],"sids":[]}'))`,
    `evidence = json_set(evidence, '$.ticket', 'otp')`,
  ]
  for (const change of changes) {
    const { database, torhaus } = setUp()
    const ours = torhaus([KEY])
    const id = await ours.open(PERSON, TOKENS)
    database.run(`UPDATE person_session SET ${change}`)
    assert.equal(await ours.find(id), undefined, change)
    assert.deepEqual(await ours.of([PERSON.accountKey, storedAccountKey('root')]), [], change)
  }
})

test('what a ticket proved is kept with the session, and bound like all else', async () => {
  const ticket = { indicators: ['otp'], sids: ['S-1-5-21-1-2-3-1601'] }
  const evidence = { ...PERSON.evidence, firstFactor: 'negotiate' as const, ticket }
  const { database, torhaus } = setUp()
  const ours = torhaus([KEY])
  const id = await ours.open({ ...PERSON, evidence }, TOKENS)
  assert.deepEqual((await ours.find(id))?.record.evidence.ticket, ticket)
  database.run(`UPDATE person_session SET evidence = json_set(evidence, '$.ticket.indicators[0]', 'pkinit')`)
  assert.equal(await ours.find(id), undefined)
})

test('a session copied to another id is nobody', async () => {
  const { database, torhaus } = setUp()
  const ours = torhaus([KEY])
  await ours.open(PERSON, TOKENS)
  const id = 'x'.repeat(43)
  database.run('UPDATE person_session SET key = ?', keyOf(id))
  assert.equal(await ours.find(id), undefined)
})

test('a session of the version before goes on where its tokens are sealed with our key, and only there', async () => {
  const { database, store, torhaus } = setUp()
  const ours = torhaus([KEY])
  const id = await ours.open(PERSON, TOKENS)
  const sealed = new Sealer([KEY]).seal(JSON.stringify(TOKENS), keyOf(id))
  database.run('UPDATE person_session SET evidence = ?, sealed_tokens = ?', JSON.stringify(PERSON.evidence), sealed)
  assert.equal((await store.readSession(keyOf(id)))?.binding, undefined)
  assert.equal((await ours.find(id))?.record.account, PERSON.account)
  assert.equal(await torhaus([randomBytes(32)]).find(id), undefined)
  database.run('UPDATE person_session SET sealed_tokens = NULL')
  assert.equal(await ours.find(id), undefined)
})

test('what binds a session is taken off neither from the record nor together with a changed account', async () => {
  const { database, torhaus } = setUp()
  const ours = torhaus([KEY])
  const id = await ours.open(PERSON, TOKENS)
  database.run('UPDATE person_session SET evidence = ?', JSON.stringify(PERSON.evidence))
  assert.ok(await ours.find(id), 'the tokens bind it, too')
  database.run(`UPDATE person_session SET account = 'root'`)
  assert.equal(await ours.find(id), undefined)
})

test('tokens that the version before has sealed bind nothing to a record that is bound, and says otherwise', async () => {
  const { database, torhaus } = setUp()
  const ours = torhaus([KEY])
  const id = await ours.open(PERSON, TOKENS)
  const sealed = new Sealer([KEY]).seal(JSON.stringify(TOKENS), keyOf(id))
  database.run('UPDATE person_session SET sealed_tokens = ?', sealed)
  assert.ok(await ours.find(id))
  database.run(`UPDATE person_session SET account = 'root'`)
  assert.equal(await ours.find(id), undefined)
})

test('what the version before finds in the record is what it knows, and a little more that it leaves alone', async () => {
  const { database, torhaus } = setUp()
  await torhaus([KEY]).open(PERSON, TOKENS)
  const row = database.row('SELECT evidence FROM person_session')
  assert.partialDeepStrictEqual(JSON.parse(String(row?.evidence)), { ...PERSON.evidence, v: 2 })
})

test('an ID token that is too long for a hint takes no room, neither at the sign-in nor at a refresh', async () => {
  const { store, torhaus } = setUp()
  const sessions = torhaus([KEY])
  const groups = ['admins']
  for (const [length, isKept] of [
    [4000, true],
    [4001, false],
    [500_000, false],
  ] as const) {
    const idToken = 'x'.repeat(length)
    const id = await sessions.open(PERSON, { refreshToken: 'refresh', idToken, groups })
    const session = await sessions.find(id)
    assert.ok(session)
    const expected = { refreshToken: 'refresh', idToken: isKept ? idToken : undefined, groups }
    assert.deepEqual(sessions.tokensOf(session.record), expected)
    assert.ok(((await store.readSession(keyOf(id)))?.sealedTokens?.length ?? 0) < 8000)
    await sessions.saveRefresh(session, { refreshToken: 'next', idToken, groups })
    assert.deepEqual(sessions.tokensOf(session.record), { ...expected, refreshToken: 'next' })
    assert.ok(((await store.readSession(keyOf(id)))?.sealedTokens?.length ?? 0) < 8000)
  }
})
