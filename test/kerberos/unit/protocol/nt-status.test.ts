/** What stands in the data of an error of a KDC, as Windows and Samba write it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KdcRefusal } from '../../../../src/kerberos/kdc/kdc-refusal.ts'
import { field, integer, octetString, sequence } from '../../../../src/kerberos/protocol/der-writer.ts'
import { NT_STATUS, statusIn } from '../../../../src/kerberos/protocol/nt-status.ts'

const statusOf = (data: Buffer | undefined) => statusIn({ code: 18, data })
const extended = (type: number, value: Buffer) => sequence(field(1, integer(type)), field(2, octetString(value)))
const octets = Buffer.from('340200c00000000001000000', 'hex')

test('a status is read as Active Directory has it (MS-KILE 2.2.1), and as Samba does, among other elements', () => {
  assert.equal(statusOf(extended(3, octets)), NT_STATUS.accountLockedOut)
  assert.equal(statusOf(sequence(extended(3, octets))), NT_STATUS.accountLockedOut)
  // What Samba 4.17 said of an account that must change its password, after the types of its keys.
  const samba =
    '304a3031a103020113a22a042830263024a003020112a1151b13434f52502e544553546d7573746368616e6765a2060404000010003015a1030201' +
    '03a20e040c240200c00000000001000000'
  assert.equal(statusOf(Buffer.from(samba, 'hex')), NT_STATUS.passwordMustChange)
})

test('what is no status is none, and no fault of the answer', () => {
  assert.equal(statusOf(undefined), undefined)
  for (const data of [
    ...[Buffer.alloc(0), Buffer.from('text'), sequence(), extended(2, octets), sequence(extended(19, octets))],
    ...[extended(3, octets.subarray(1)), extended(3, Buffer.concat([octets, octets])), extended(3, Buffer.alloc(0))],
    ...[extended(3, octets).subarray(0, -1), Buffer.concat([extended(3, octets), Buffer.alloc(1)])],
  ])
    assert.equal(statusOf(data), undefined, data.toString('hex'))
})

test('a refusal says number and status, and what that is called', () => {
  assert.equal(
    new KdcRefusal(18, { status: NT_STATUS.accountLockedOut }).message,
    'KRB-ERROR 18, NTSTATUS C0000234 (accountLockedOut)',
  )
  assert.equal(new KdcRefusal(13, { status: 0xc000_00bb }).message, 'KRB-ERROR 13, NTSTATUS C00000BB')
  assert.equal(new KdcRefusal(6).message, 'KRB-ERROR 6')
})
