import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { attemptMemory } from '../../devkit/torhaus/attempt-memory.ts'
import { createDirectoryPasswords } from '../../src/kerberos/directory-passwords.ts'
import { KerberosError } from '../../src/kerberos/kerberos-error.ts'
import type { PasswordVerifier } from '../../src/kerberos/password.ts'
import { createPasswordVerdicts } from '../../src/kerberos/password-verdicts.ts'
import { createAttemptLimits } from '../../src/limits/attempt-limits.ts'
import { system } from '../../src/system.ts'
import { type KerberosLab, principal, startKerberosLab } from './kerberos-lab.ts'

let lab: KerberosLab
let verifier: PasswordVerifier

before(async () => {
  lab = await startKerberosLab()
  await lab.kdc.sambaTool('user', 'create', 'changer1', 'Fresh-Passw0rd', '--must-change-at-next-login')
  await lab.kdc.sambaTool('user', 'create', 'ended1', 'Fresh-Passw0rd')
  await lab.kdc.sambaTool('user', 'setexpiry', 'ended1', '--days=-1')
  // Without a threshold Samba counts nothing.
  await lab.kdc.sambaTool('domain', 'passwordsettings', 'set', '--account-lockout-threshold=5')
  const names = ['clumsy', 'guessed']
  await lab.kdc.addAccounts(names.map(name => ({ name, password: `${name}-Passw0rd` })))
  verifier = await lab.parts().verifier()
})
after(async () => {
  await lab.close()
})

const secret = 'Wr0ng-secret'

async function code(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error === undefined) return 'right'
  assert(error instanceof KerberosError, `${error}`)
  assert(!`${error.stack} ${JSON.stringify(error)}`.includes(secret), 'the password is not in the error')
  return error.code
}

describe('a password', () => {
  it('is confirmed by the directory whatever the spelling of the account', async () => {
    for (const user of ['alice', 'CORP\\Alice', 'ALICE@corp.test']) {
      assert.equal(await code(verifier.verify(principal(user), lab.kdc.passwordOf('alice'))), 'right')
    }
  })

  it('is refused with the reason', async () => {
    const { passwordOf } = lab.kdc
    assert.equal(await code(verifier.verify(principal('alice'), secret)), 'password-wrong')
    assert.equal(await code(verifier.verify(principal('alice'), passwordOf('bob'))), 'password-wrong')
    assert.equal(await code(verifier.verify(principal('nobody1'), secret)), 'client-unknown')
    assert.equal(await code(verifier.verify(principal('disabled1'), passwordOf('disabled1'))), 'client-disabled')
    assert.equal(await code(verifier.verify(principal('changer1'), 'Fresh-Passw0rd')), 'password-must-change')
    assert.equal(await code(verifier.verify(principal('ended1'), 'Fresh-Passw0rd')), 'client-expired')
  })

  it('that no account can have is refused without asking the KDC', async () => {
    const before = lab.kdc.requests()
    for (const password of ['', 'a\0b', 'x'.repeat(1025)]) {
      assert.equal(await code(verifier.verify(principal('alice'), password)), 'password-wrong')
    }
    assert.deepEqual(lab.kdc.requests(), before)
  })

  it('costs the account one failure at the directory when it is wrong, not two', async () => {
    const before = lab.kdc.requests()
    await code(verifier.verify(principal('clumsy'), secret))
    const { as, tgs } = lab.kdc.requests()
    // The first AS request carries no preauthentication, so no password; only the second is judged.
    assert.deepEqual({ as: as - before.as, tgs: tgs - before.tgs }, { as: 2, tgs: 0 })
    const shown = await lab.kdc.sambaTool('user', 'show', 'clumsy', '--attributes=badPwdCount')
    assert.match(shown, /badPwdCount: 1/)
  })
})

describe('the password path', () => {
  const paths = () =>
    createDirectoryPasswords({
      verifier,
      verdicts: createPasswordVerdicts(system),
      limits: createAttemptLimits(attemptMemory(), system),
    })

  it('asks the directory once for one pair, also when many connections ask at once', async () => {
    const passwords = paths()
    const before = lab.kdc.requests()
    const check = () => passwords.check(principal('bob'), lab.kdc.passwordOf('bob'), '192.0.2.1')
    await Promise.all(Array.from({ length: 20 }, check))
    await check()
    const { as, tgs } = lab.kdc.requests()
    assert.deepEqual({ as: as - before.as, tgs: tgs - before.tgs }, { as: 2, tgs: 1 })
  })

  it('never spends more failures of an account than its budget, however many guesses come at once', async () => {
    const passwords = paths()
    const guesses = Array.from({ length: 40 }, (_, index) => `${secret}-${index}`)
    const check = (guess: string, index: number) =>
      code(passwords.check(principal('guessed'), guess, `192.0.2.${index}`))
    const codes = await Promise.all(guesses.map(check))
    assert.equal(codes.filter(found => found === 'password-wrong').length, 3)
    assert.equal(codes.filter(found => found === 'password-limited').length, 37)
    const shown = await lab.kdc.sambaTool('user', 'show', 'guessed', '--attributes=badPwdCount')
    assert.match(shown, /badPwdCount: 3/)
    const rightButLate = await code(passwords.check(principal('guessed'), lab.kdc.passwordOf('guessed'), '192.0.2.99'))
    assert.equal(rightButLate, 'password-limited')
  })
})
