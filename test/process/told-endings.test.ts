/** What a new worker hears of endings that no store has taken, and what it does not hear any more. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ToldEndings } from '../../src/process/told-endings.ts'

const MINUTE_MS = 60_000
const SESSION = { kind: 'session-ended', key: 'k1' }
const BLOCK = { kind: 'pat-blocked', account: 'ada', fingerprint: 'f1' }
const WITHDRAWAL = { kind: 'pat-withdrawn', account: 'ada', fingerprint: 'f1', network: '192.0.2.0/24', decidedAtMs: 1 }
const GRANT = { kind: 'grant-ended', account: 'ada', id: 'g1' }
const LOGOUT = { kind: 'op-logout', id: 'm1', untilMs: 5 }

test('endings that no store has taken are told once each, however often they come', () => {
  const told = new ToldEndings(() => 0)
  for (const change of [SESSION, BLOCK, WITHDRAWAL, GRANT, SESSION, LOGOUT, BLOCK]) told.note(change)
  assert.deepEqual(told.lately(), [WITHDRAWAL, GRANT, SESSION, LOGOUT, BLOCK])
})

test('what is read from the store anyway is not told', () => {
  const told = new ToldEndings(() => 0)
  for (const change of [
    { kind: 'session', key: 'k1' },
    { kind: 'account', account: 'ada' },
    { kind: 'pat', fingerprint: 'f1' },
  ])
    told.note(change)
  assert.deepEqual(told.lately(), [])
})

test('a session that is deleted, and a token that its owner has decided on again, are not told any more', () => {
  const told = new ToldEndings(() => 0)
  for (const change of [SESSION, BLOCK, WITHDRAWAL, GRANT]) told.note(change)
  told.note({ kind: 'session', key: 'k1' })
  told.note({ kind: 'pat', fingerprint: 'f1' })
  assert.deepEqual(told.lately(), [GRANT])
})

test('what nobody tells of for a minute is forgotten, and what is told again is not', () => {
  let now = 0
  const told = new ToldEndings(() => now)
  told.note(SESSION)
  told.note(GRANT)
  now = MINUTE_MS
  told.note(GRANT)
  now += MINUTE_MS / 2
  assert.deepEqual(told.lately(), [GRANT])
})

test('no more than a hundred thousand are kept', () => {
  const told = new ToldEndings(() => 0)
  for (let n = 0; n < 100_010; n++) told.note({ kind: 'session-ended', key: `k${n}` })
  assert.equal(told.lately().length, 100_000)
})
