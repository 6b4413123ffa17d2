/** Spellings by which Active Directory finds one account share its limit on wrong passwords. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attemptMemory } from '../../../devkit/torhaus/attempt-memory.ts'
import { canonicalPrincipal } from '../../../src/kerberos/canonical-principal.ts'
import { createDirectoryPasswords } from '../../../src/kerberos/directory-passwords.ts'
import { KerberosError } from '../../../src/kerberos/kerberos-error.ts'
import { createPasswordVerdicts } from '../../../src/kerberos/password-verdicts.ts'
import { spelledAlike } from '../../../src/kerberos/spelled-alike.ts'
import { createAttemptLimits } from '../../../src/limits/attempt-limits.ts'

const principal = (account: string) => canonicalPrincipal(account, { realm: 'CORP.TEST' })
const alike = (account: string) => spelledAlike(principal(account))

test('whoever guesses at an account in ever new spellings has the tries of one account, not of each spelling', async () => {
  let asked = 0
  let nowMs = 0
  const passwords = createDirectoryPasswords({
    verifier: {
      async verify(_principal, _password, onOutcome) {
        asked++
        onOutcome?.('password-wrong')
        throw new KerberosError('password-wrong', 'password')
      },
    },
    limits: createAttemptLimits(attemptMemory(), { maxAccountFailures: 3, now: () => nowMs }),
    verdicts: createPasswordVerdicts({ now: () => nowMs }),
  })
  const spellings = ['bjorn', 'björn', 'BJÖRN', 'bjørn', 'b\u032djorn', 'bjørn\u0302', 'bjo\u{1e900}rn', 'bjorn$']
  for (const spelling of spellings) {
    await assert.rejects(passwords.check(principal(spelling), `guess at ${spelling}`, '192.0.2.1'))
    nowMs += 60_000
  }
  assert.equal(asked, 3)
})

test('spellings that the directory takes for one are one, and other names are not', () => {
  const same = [
    ['meißner', 'meissner'],
    ['łukasz', 'lukasz'],
    ['カナ', 'かな'],
    ['ёлка', 'елка'],
  ]
  for (const [one = '', other = ''] of same) assert.equal(alike(one), alike(other))
  for (const account of ['alice', 'svc-proxy', "o'neil", 'a.b c', '_x'])
    assert.equal(alike(account), principal(account), account)
  const different = ['иван', 'пётр', 'иван1', '太郎', '花子', 'bjoern', 'bjorn']
  assert.equal(new Set(different.map(alike)).size, different.length)
})

test('an account of another realm is another one', () => {
  const names = { realm: 'CORP.TEST', trustedRealms: [{ realm: 'PARTNER.TEST' }] }
  assert.notEqual(spelledAlike(canonicalPrincipal('ada@PARTNER.TEST', names)), alike('ada'))
})
