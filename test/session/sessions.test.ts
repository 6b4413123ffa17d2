import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { storedAccountKey } from '../../src/account-key.ts'
import { keyOf } from '../../src/session/opaque-id.ts'
import { openSessionLab, PERSON, type SessionLab } from './session-lab.ts'

const IDLE_MS = 600_000
const ABSOLUTE_MS = 3_600_000
let lab: SessionLab

beforeEach(async () => {
  lab = await openSessionLab({ idleTimeoutSeconds: 600, absoluteTimeoutSeconds: 3600, cacheMs: 1000, maxCached: 100 })
})
afterEach(() => lab.close())

test('a session that is used lives on, and ends when it was idle for longer than the timeout', async () => {
  const { sessions, clock } = lab
  const id = await sessions.open(PERSON, lab.tokens)
  for (let use = 0; use < 4; use++) {
    clock.advance(IDLE_MS)
    assert.ok(await sessions.find(id), `use ${use}`)
  }
  clock.advance(IDLE_MS + 1)
  assert.equal(await sessions.find(id), undefined)
})

test('a session ends at the absolute timeout, however busy it is', async () => {
  const { sessions, clock } = lab
  const id = await sessions.open(PERSON, lab.tokens)
  for (let passedMs = 0; passedMs < ABSOLUTE_MS; passedMs += 300_000) {
    assert.ok(await sessions.find(id), `after ${passedMs} ms`)
    clock.advance(300_000)
  }
  clock.advance(1)
  assert.equal(await sessions.find(id), undefined)
})

test('the sessions of an account are found and ended in whatever spelling they were opened', async () => {
  const { sessions, otherSessions, tokens } = lab
  const accountKey = storedAccountKey('ada@CORP.EXAMPLE')
  const ids = await Promise.all(
    ['ada', 'CORP\\Ada', accountKey].map(account => sessions.open({ ...PERSON, account, accountKey }, tokens)),
  )
  const stranger = await sessions.open(
    { ...PERSON, account: 'ada', accountKey: storedAccountKey('ada@OTHER.EXAMPLE') },
    tokens,
  )
  assert.equal((await otherSessions.of([accountKey])).length, 3)
  const [first = '', second = '', third = ''] = ids
  assert.equal(await otherSessions.endOf([accountKey], keyOf(second)), true)
  assert.equal(await otherSessions.endOf([accountKey], keyOf(stranger)), false)
  assert.deepEqual((await otherSessions.endAll({ accountKey })).map(({ account }) => account).sort(), [
    'ada',
    accountKey,
  ])
  for (const id of [first, second, third]) assert.equal(await sessions.find(id), undefined)
  assert.ok(await sessions.find(stranger))
})

test('use by one worker counts for the other: together they keep the session alive', async () => {
  const { sessions, otherSessions, clock } = lab
  const id = await sessions.open(PERSON, lab.tokens)
  assert.ok(await otherSessions.find(id))
  for (let use = 0; use < 3; use++) {
    clock.advance(IDLE_MS)
    assert.ok(await sessions.find(id))
  }
  assert.ok(await otherSessions.find(id))
})

test('a sign-out at one worker is seen by the other once its cache is over, and by itself at once', async () => {
  const { sessions, otherSessions, clock } = lab
  const id = await sessions.open(PERSON, lab.tokens)
  await sessions.find(id)
  await otherSessions.find(id)
  await sessions.end(id)
  assert.equal(await sessions.find(id), undefined)
  assert.ok(await otherSessions.find(id), 'within cacheMs')
  clock.advance(1000)
  assert.equal(await otherSessions.find(id), undefined)
})

test('the store knows neither the id nor the tokens, only what cannot be turned back', async () => {
  const { sessions, store } = lab
  const id = await sessions.open(PERSON, { refreshToken: 'secret refresh token', idToken: 'secret id token' })
  const record = await store.readSession(keyOf(id))
  assert.doesNotMatch(JSON.stringify(record), new RegExp(`${id}|secret`))
  assert.ok(record)
  assert.deepEqual(sessions.tokensOf(record), { refreshToken: 'secret refresh token', idToken: 'secret id token' })
  assert.equal(sessions.tokensOf({ ...record, sealedTokens: `${record.sealedTokens}x` }), undefined)
})

test('what is no id of ours is not even looked up', async () => {
  for (const id of ['', 'short', 'x'.repeat(44), `${'x'.repeat(42)}'`, 'x'.repeat(100_000)])
    assert.equal(await lab.sessions.find(id), undefined)
  assert.equal(lab.reads(), 0)
})

test('a busy session is read from the store once per cacheMs, and written as seldom', async () => {
  const { sessions, clock } = lab
  const id = await sessions.open(PERSON, lab.tokens)
  for (let request = 0; request < 1000; request++) {
    await sessions.find(id)
    clock.advance(10)
  }
  assert.equal(lab.reads(), 10)
  assert.equal(lab.touches(), 0)
  clock.advance(30_000)
  await sessions.find(id)
  assert.equal(lab.touches(), 1)
})

test('the sweep leaves sessions that are alive', async () => {
  const { sessions, clock } = lab
  const id = await sessions.open(PERSON, lab.tokens)
  clock.advance(IDLE_MS / 2)
  await sessions.find(id)
  clock.advance(IDLE_MS - 1)
  await sessions.sweep(clock.now())
  assert.ok(await sessions.find(id))
})
