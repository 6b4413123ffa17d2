import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { Referrals } from '../../src/session/referrals.ts'
import { Sealer } from '../../src/session/sealer.ts'

const LIFETIME_S = 900
let now = 1_000_000
const clock = () => now
const sealer = new Sealer([randomBytes(32)])
const referrals = new Referrals(sealer, LIFETIME_S, clock)

test('a referral says what it was made for, for as long as a sign-in may take', () => {
  const text = referrals.issue('sign-in', 'browser')
  assert.equal(referrals.read('sign-in', text), 'browser')
  now += LIFETIME_S * 1000 - 1
  assert.equal(referrals.read('sign-in', text), 'browser')
  now += 1
  assert.equal(referrals.read('sign-in', text), undefined)
})

test('nobody else makes one, and one for the sign-out is none for the sign-in', () => {
  const text = referrals.issue('sign-out', 'session')
  assert.equal(referrals.read('sign-in', text), undefined)
  for (const other of [null, '', 'session', `${now + 1000} session`, text.slice(0, -1), `${text}A`])
    assert.equal(referrals.read('sign-out', other), undefined, `${other}`)
  const strangers = new Referrals(new Sealer([randomBytes(32)]), LIFETIME_S, clock)
  assert.equal(referrals.read('sign-out', strangers.issue('sign-out', 'session')), undefined)
  assert.equal(referrals.read('sign-out', sealer.seal(`${now + 1000} session`, 'something else')), undefined)
  assert.equal(referrals.read('sign-out', text), 'session')
})
