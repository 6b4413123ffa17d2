/** What an error of a KDC means, by what was asked of it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { classifyKdcError } from '../../../src/kerberos/kdc-error-table.ts'
import type { KerberosErrorCode, KerberosOperation } from '../../../src/kerberos/kerberos-error.ts'
import { NT_STATUS } from '../../../src/kerberos/protocol/nt-status.ts'

/** Numbers of RFC 4120 7.5.9, as Samba's and MIT's KDCs gave them. */
const observed: readonly [KerberosOperation, number, KerberosErrorCode][] = [
  ['s4u2self', 6, 'client-unknown'],
  ['s4u2self', 12, 'client-disabled'],
  ['s4u2self', 18, 'client-disabled'],
  ['initiate', 6, 'client-unknown'],
  ['initiate', 13, 'delegation-refused'],
  ['initiate', 7, 'service-unknown'],
  ['initiate', 32, 'credentials-expired'],
  ['password', 24, 'password-wrong'],
  ['password', 23, 'password-expired'],
  ['password', 18, 'client-disabled'],
  ['password', 1, 'client-expired'],
  ['password', 6, 'client-unknown'],
  ['password', 29, 'kdc-unreachable'],
  ['password', 40, 'kdc-reply-invalid'],
  ['service-credential', 24, 'service-credential-refused'],
  ['service-credential', 6, 'service-credential-refused'],
  ['password-proof', 31, 'kdc-not-genuine'],
  ['initiate', 33, 'clock-skew'],
  ['password', 37, 'clock-skew'],
  ['initiate', 34, 'replay'],
  // Of our own account, which is nobody's who asks.
  ['service-credential', 1, 'service-credential-refused'],
  ['service-credential', 21, 'service-credential-refused'],
  ['service-credential', 68, 'service-credential-refused'],
  // A ticket of ours that the KDC cannot open any more, as after a change of its own key.
  ['s4u2self', 31, 'credentials-expired'],
  ['initiate', 41, 'credentials-expired'],
  // MIT's of evidence that it does not open any more, and of whatever else it does not tell.
  ['initiate', 60, 'credentials-expired'],
  ['s4u2self', 60, 'kdc-reply-invalid'],
  // Accounts without AES keys.
  ['password', 14, 'client-disabled'],
  ['s4u2self', 14, 'service-credential-refused'],
  ['initiate', 14, 'service-unknown'],
  ['password-proof', 12, 'client-disabled'],
  // Of ourselves, for whom the ticket was to be: no SPN, or our account is disabled. That is nobody's who asks.
  ['s4u2self', 7, 'service-credential-refused'],
  ['s4u2self', 19, 'service-credential-refused'],
  ['password-proof', 7, 'service-credential-refused'],
  ['password-proof', 2, 'service-credential-refused'],
  // The same from Active Directory, of a user account without SPN.
  ['s4u2self', 27, 'service-credential-refused'],
  ['password-proof', 27, 'service-credential-refused'],
  ['initiate', 27, 'service-unknown'],
]
const OPERATIONS: readonly KerberosOperation[] = ['s4u2self', 'initiate', 'password-proof', 'service-credential']

describe('an error of a KDC', () => {
  for (const [operation, number, code] of observed) {
    it(`${number} of ${operation} is ${code}`, () => {
      assert.equal(classifyKdcError(operation, number), code)
    })
  }

  it('between realms says nothing of our own ticket, nor of our own account', () => {
    assert.equal(classifyKdcError('s4u2self', 7, { isBetweenRealms: true }), 'foreign-realm')
    for (const number of [20, 31, 32, 41, 44, 45])
      assert.equal(classifyKdcError('s4u2self', number, { isBetweenRealms: true }), 'kdc-reply-invalid', `${number}`)
    assert.equal(classifyKdcError('s4u2self', 6, { isBetweenRealms: true }), 'client-unknown')
  })

  it('is told closer by the status that Windows and Samba add, and by none where there is no such thing', () => {
    const { accountDisabled, accountLockedOut, accountExpired, invalidLogonHours } = NT_STATUS
    for (const operation of ['password', 's4u2self', 'initiate'] as const) {
      assert.equal(classifyKdcError(operation, 18, { status: accountLockedOut }), 'client-locked')
      assert.equal(classifyKdcError(operation, 18, { status: accountExpired }), 'client-expired')
      for (const status of [accountDisabled, invalidLogonHours, 0, undefined])
        assert.equal(classifyKdcError(operation, 18, { status }), 'client-disabled')
    }
    assert.equal(classifyKdcError('password', 23, { status: NT_STATUS.passwordExpired }), 'password-expired')
    assert.equal(classifyKdcError('password', 23, { status: NT_STATUS.passwordMustChange }), 'password-must-change')
  })

  it('has no status that makes another refusal of it, or none', () => {
    for (const status of [...Object.values(NT_STATUS), 0, 0xc000_006a, 0xffff_ffff]) {
      assert.equal(classifyKdcError('password', 24, { status }), 'password-wrong')
      assert.equal(classifyKdcError('service-credential', 18, { status }), 'service-credential-refused')
      assert.equal(classifyKdcError('initiate', 13, { status }), 'delegation-refused')
      assert.equal(classifyKdcError('password-proof', 31, { status }), 'kdc-not-genuine')
    }
  })

  it('that no rule names is nonsense of the KDC, never the password or the account', () => {
    for (let number = 69; number < 256; number++)
      for (const operation of [...OPERATIONS, 'password'] as const)
        assert.equal(classifyKdcError(operation, number), 'kdc-reply-invalid', `${operation} ${number}`)
    assert.equal(classifyKdcError('password', 0), 'kdc-reply-invalid')
  })

  it('of one operation does not read as a password failure of another', () => {
    for (const operation of OPERATIONS)
      for (let number = 0; number < 256; number++)
        assert.doesNotMatch(classifyKdcError(operation, number), /^password-/, `${operation} ${number}`)
  })
})
