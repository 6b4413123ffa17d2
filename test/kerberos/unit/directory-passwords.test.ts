import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { attemptMemory } from '../../../devkit/torhaus/attempt-memory.ts'
import { Fault } from '../../../src/errors.ts'
import { canonicalPrincipal } from '../../../src/kerberos/canonical-principal.ts'
import { createDirectoryPasswords } from '../../../src/kerberos/directory-passwords.ts'
import { KerberosError } from '../../../src/kerberos/kerberos-error.ts'
import type { AttemptOutcome, PasswordVerifier } from '../../../src/kerberos/password.ts'
import { createPasswordVerdicts } from '../../../src/kerberos/password-verdicts.ts'
import { createAttemptLimits } from '../../../src/limits/attempt-limits.ts'
import type { AttemptStore } from '../../../src/limits/attempt-store.ts'

const alice = canonicalPrincipal('alice', { realm: 'CORP.TEST' })

/** A directory that answers as told and counts what it was asked. */
function passwordsWith(answer: (password: string) => AttemptOutcome, store: AttemptStore = attemptMemory()) {
  const asked: string[] = []
  const verifier: PasswordVerifier = {
    async verify(_principal, password, onOutcome) {
      asked.push(password)
      await new Promise(resolve => setImmediate(resolve))
      const outcome = answer(password)
      onOutcome?.(outcome)
      if (outcome === 'undecided' || outcome === 'unheard') throw new KerberosError('kdc-unreachable', 'gate')
      if (outcome !== 'right') throw new KerberosError(outcome, 'password')
    },
  }
  const limits = createAttemptLimits(store, { now: () => 0 })
  const verdicts = createPasswordVerdicts({ now: () => 0 })
  const passwords = createDirectoryPasswords({ verifier, limits, verdicts })
  return { asked, check: (password: string) => passwords.check(alice, password, '192.0.2.1'), passwords }
}

describe('the password path', () => {
  it('costs the account one failure for a client that retries the same wrong password', async () => {
    const { asked, check } = passwordsWith(() => 'password-wrong')
    for (let round = 0; round < 10; round++) await assert.rejects(check('stale'), { code: 'password-wrong' })
    assert.deepEqual(asked, ['stale'])
  })

  it('lets a remembered right password through while the account is limited', async () => {
    const { check } = passwordsWith(password => (password === 'right' ? 'right' : 'password-wrong'))
    await check('right')
    await assert.rejects(check('wrong'), { code: 'password-wrong' })
    await assert.rejects(check('other'), { code: 'password-limited', retryAfterMs: 1_000 })
    await check('right')
  })

  it('charges nobody and remembers nothing when the directory did not judge', async () => {
    const { asked, check } = passwordsWith(() => 'undecided')
    for (let round = 0; round < 10; round++) await assert.rejects(check('any'), { code: 'kdc-unreachable' })
    assert.equal(asked.length, 10)
  })

  it('keeps the reason of a refusal it remembers', async () => {
    const { asked, check } = passwordsWith(() => 'client-disabled')
    for (let round = 0; round < 3; round++) await assert.rejects(check('any'), { code: 'client-disabled' })
    assert.equal(asked.length, 1)
  })

  it('asks again after the account was forgotten', async () => {
    const { asked, check, passwords } = passwordsWith(() => 'right')
    await check('right')
    passwords.forget(alice)
    await check('right')
    assert.equal(asked.length, 2)
  })

  it('asks nobody while the store of the limits is away, and still knows what it remembers', async () => {
    const memory = attemptMemory()
    let isAway = false
    const reached = () => {
      if (isAway) throw new Fault('store-unavailable')
      return memory
    }
    const store: AttemptStore = {
      reserve: (...args) => reached().reserve(...args),
      settle: (...args) => reached().settle(...args),
      prove: () => undefined,
      isProven: () => false,
      sweepAttempts: () => undefined,
    }
    const { asked, check } = passwordsWith(password => {
      // The store goes away while the directory is asked: the verdict counts all the same.
      isAway = true
      return password === 'right' ? 'right' : 'password-wrong'
    }, store)
    await check('right')
    await check('right')
    await assert.rejects(check('other'), { code: 'store-unavailable' })
    assert.deepEqual(asked, ['right'])
  })

  it("counts names that are nobody's, also where the directory finds somebody else by them, against the address", async () => {
    for (const code of ['client-unknown', 'identity-mismatch', 'foreign-realm'] as const) {
      const { passwords } = passwordsWith(() => 'right')
      let asked = 0
      const ask = (name: string) =>
        passwords.whileAsking(name, '192.0.2.1', async () => {
          asked++
          throw new KerberosError(code, 's4u2self')
        })
      for (let name = 0; name < 20; name++) await assert.rejects(ask(`name${name}@other.example`), { code })
      await assert.rejects(ask('one.more@other.example'), { code: 'password-limited' })
      assert.equal(asked, 20)
    }
  })
})
