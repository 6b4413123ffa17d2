/** What follows from an error of a KDC: for the exchange, and for who comes after. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Fault } from '../../../src/errors.ts'
import { KdcRefusal } from '../../../src/kerberos/kdc/kdc-refusal.ts'
import { codedFailure } from '../../../src/kerberos/kdc-failure.ts'
import { createKdcGate } from '../../../src/kerberos/kdc-gate.ts'
import { delegationCode, passwordCode } from '../../../src/kerberos/kerberos-code.ts'
import { KerberosError, type KerberosOperation } from '../../../src/kerberos/kerberos-error.ts'
import { system } from '../../../src/system.ts'

const refused = (operation: KerberosOperation, code: number) =>
  codedFailure(operation, () => Promise.reject(new KdcRefusal(code)))

describe('errors about one account', () => {
  it('open no circuit, whatever they are: anybody can name such an account, again and again', async () => {
    for (const operation of ['password', 's4u2self', 'initiate'] as const) {
      const gate = createKdcGate({ ...system, failureThreshold: 3 })
      for (let code = 0; code < 100; code++)
        await assert.rejects(
          gate.run(() => refused(operation, code)),
          KerberosError,
        )
      assert.deepEqual([gate.state(), gate.counters().failed], ['closed', 0])
    }
  })
})

describe('a name by which the directory finds somebody else', () => {
  it('is a wrong password for who has typed it, and stops whatever would be done in that name', () => {
    const error = new KerberosError('identity-mismatch', 's4u2self')
    assert.equal(passwordCode(error), 'password-wrong')
    assert.throws(() => delegationCode(error), { code: 'identity-mismatch' })
  })
})

describe('our own account without an SPN', () => {
  it('is our trouble: nobody is told that an account is unknown, or a password wrong', async () => {
    for (const [decide, operation] of [
      [passwordCode, 'password-proof'],
      [delegationCode, 's4u2self'],
    ] as const) {
      const error = await refused(operation, 7).catch((reason: unknown) => reason)
      assert.throws(() => decide(error), { code: 'kerberos-misconfigured' })
    }
  })
})

describe('clocks that differ, and a ticket of ours that is no good', () => {
  const faultOf = (decide: (error: unknown) => unknown, error: unknown): string => {
    try {
      return `${decide(error)}`
    } catch (fault) {
      assert(fault instanceof Fault, `${fault}`)
      return `503 ${fault.code}`
    }
  }
  it('are no wrong password, and no error of the program', async () => {
    for (const [code, expected] of [
      [37, '503 kerberos-misconfigured'],
      [32, '503 kdc-reply-invalid'],
      [34, '503 kdc-reply-invalid'],
    ] as const)
      for (const [decide, operation] of [
        [passwordCode, 'password'],
        [delegationCode, 'service-credential'],
      ] as const) {
        const error = await refused(operation, code).catch((reason: unknown) => reason)
        assert.equal(faultOf(decide, error), expected, `${operation} ${code}`)
      }
  })
})
