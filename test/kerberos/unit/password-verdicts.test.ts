import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { canonicalPrincipal } from '../../../src/kerberos/canonical-principal.ts'
import { createPasswordVerdicts } from '../../../src/kerberos/password-verdicts.ts'

const alice = canonicalPrincipal('alice', { realm: 'CORP.TEST' })
const bob = canonicalPrincipal('bob', { realm: 'CORP.TEST' })

function verdictsAt(maxEntries = 100) {
  const clock = { nowMs: 0 }
  return { clock, verdicts: createPasswordVerdicts({ now: () => clock.nowMs, maxEntries }) }
}

describe('a verdict', () => {
  it('holds for its account and password alone', () => {
    const { verdicts } = verdictsAt()
    verdicts.remember(alice, 'right', 'right')
    assert.equal(verdicts.recall(alice, 'right'), 'right')
    assert.equal(verdicts.recall(alice, 'Right'), undefined)
    assert.equal(verdicts.recall(bob, 'right'), undefined)
  })

  it('ends after its time: five minutes, half a minute for what an administrator may lift', () => {
    const { verdicts, clock } = verdictsAt()
    verdicts.remember(alice, 'a', 'right')
    verdicts.remember(alice, 'b', 'password-wrong')
    verdicts.remember(bob, 'c', 'client-disabled')
    clock.nowMs = 29_999
    assert.equal(verdicts.recall(bob, 'c'), 'client-disabled')
    clock.nowMs = 30_000
    assert.equal(verdicts.recall(bob, 'c'), undefined)
    clock.nowMs = 299_999
    assert.equal(verdicts.recall(alice, 'a'), 'right')
    assert.equal(verdicts.recall(alice, 'b'), 'password-wrong')
    clock.nowMs = 300_000
    assert.equal(verdicts.recall(alice, 'a'), undefined)
    assert.equal(verdicts.recall(alice, 'b'), undefined)
  })

  it('is forgotten with its account, and stays forgotten when a new one comes', () => {
    const { verdicts } = verdictsAt()
    verdicts.remember(alice, 'old', 'right')
    verdicts.remember(bob, 'old', 'right')
    verdicts.forget(alice)
    verdicts.remember(alice, 'new', 'right')
    assert.equal(verdicts.recall(alice, 'old'), undefined)
    assert.equal(verdicts.recall(alice, 'new'), 'right')
    assert.equal(verdicts.recall(bob, 'old'), 'right')
  })

  it('that an older password was right ends once a new one is, as after a reset; wrong ones stay wrong', () => {
    const { verdicts } = verdictsAt()
    verdicts.remember(alice, 'old', 'right')
    verdicts.remember(alice, 'mistyped', 'password-wrong')
    verdicts.remember(bob, 'old', 'right')
    verdicts.remember(alice, 'new', 'right')
    assert.equal(verdicts.recall(alice, 'old'), undefined)
    assert.equal(verdicts.recall(alice, 'new'), 'right')
    assert.equal(verdicts.recall(alice, 'mistyped'), 'password-wrong')
    assert.equal(verdicts.recall(bob, 'old'), 'right')
  })

  it('goes when there is no room, the least recently used first', () => {
    const { verdicts } = verdictsAt(2)
    verdicts.remember(alice, 'a', 'right')
    verdicts.remember(alice, 'b', 'password-wrong')
    verdicts.recall(alice, 'a')
    verdicts.remember(alice, 'c', 'password-wrong')
    assert.equal(verdicts.recall(alice, 'b'), undefined)
    assert.equal(verdicts.recall(alice, 'a'), 'right')
  })

  it('keeps no password where it can be seen', () => {
    const { verdicts } = verdictsAt()
    verdicts.remember(alice, 'Very-secret-1', 'right')
    assert.doesNotMatch(inspect(verdicts, { depth: 10, showHidden: true }), /Very-secret/)
  })
})
