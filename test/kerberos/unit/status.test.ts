import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KerberosErrorCode, KerberosOperation } from '../../../src/kerberos/kerberos-error.ts'
import { classifyStatus } from '../../../src/kerberos/status.ts'

const failure = 13 << 16
const noCred = 7 << 16
const krb5 = -1765328384

/** Numbers as libgssapi gave them, against Samba and MIT KDCs. */
const observed: readonly [KerberosOperation, number, number, KerberosErrorCode][] = [
  ['s4u2self', failure, -1765328378, 'client-unknown'],
  ['s4u2self', failure, -1765328372, 'client-disabled'],
  ['s4u2self', failure, -1765328366, 'client-disabled'],
  ['initiate', failure, -1765328371, 'delegation-refused'],
  ['initiate', failure, -1765328377, 'service-unknown'],
  ['password', noCred, -1765328360, 'password-wrong'],
  ['password', noCred, -1765328361, 'password-expired'],
  ['password', noCred, -1765328366, 'client-disabled'],
  ['password', noCred, -1765328383, 'client-disabled'],
  ['password', noCred, -1765328378, 'client-unknown'],
  ['password', noCred, -1765328228, 'kdc-unreachable'],
  ['password', noCred, -1765328230, 'kdc-unreachable'],
  ['password', noCred, -1765328344, 'kdc-reply-invalid'],
  ['service-credential', noCred, -1765328360, 'service-credential-refused'],
  ['service-credential', noCred, -1765328378, 'service-credential-refused'],
  ['service-credential', noCred, 39756042, 'service-credential-refused'],
  ['accept', failure, -1765328350, 'replay'],
  ['accept', failure, -1765328349, 'wrong-service-key'],
  ['accept', failure, -1765328353, 'wrong-service-key'],
  ['accept', failure, -1765328339, 'wrong-service-key'],
  ['accept', failure, -1765328347, 'clock-skew'],
  ['accept', failure, -1765328352, 'credentials-expired'],
  ['accept', failure, 100_001, 'token-defective'],
  ['accept', 9 << 16, 0, 'token-defective'],
  ['accept', failure, -1765328234, 'token-defective'],
  ['accept', failure, 2, 'internal'],
  ['password-proof', failure, -1765328353, 'kdc-not-genuine'],
  ['initiate', 11 << 16, 0, 'credentials-expired'],
]

describe('a status', () => {
  for (const [operation, major, minor, code] of observed) {
    it(`${minor} of ${operation} is ${code}`, () => {
      assert.equal(classifyStatus(operation, major, minor), code)
    })
  }

  it('reads the same whether its minor number is signed or not', () => {
    assert.equal(classifyStatus('accept', failure, krb5 + 34), classifyStatus('accept', failure, (krb5 + 34) >>> 0))
  })

  it('that no rule names is a fault of ours, never the password or the account', () => {
    const named = new Set<KerberosErrorCode>(['password-wrong', 'client-unknown', 'client-disabled'])
    for (let offset = 61; offset < 140; offset++) {
      assert(!named.has(classifyStatus('password', failure, krb5 + offset)), `${offset}`)
    }
    assert.equal(classifyStatus('password', failure, 0), 'internal')
    assert.equal(classifyStatus('s4u2self', failure, 100_001), 'internal')
  })

  it('of one operation does not read as a password failure of another', () => {
    for (const operation of ['accept', 's4u2self', 'initiate', 'password-proof', 'service-credential'] as const) {
      for (let offset = 0; offset < 256; offset++) {
        assert.doesNotMatch(classifyStatus(operation, failure, krb5 + offset), /^password-/, `${operation} ${offset}`)
      }
    }
  })
})
