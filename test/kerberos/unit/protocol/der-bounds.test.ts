/** The edges of DER: the last form that is taken, and the first that is not. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { DerReader } from '../../../../src/kerberos/protocol/der-reader.ts'

const malformed = { code: 'malformed' }
/** Octets with that header of the octet string inside the field 0, whose own length is right. */
const octetsWith = (header: readonly number[], count: number): Buffer => {
  const inner = Buffer.concat([Buffer.from(header), Buffer.alloc(count, 1)])
  const length = Buffer.alloc(3)
  length.writeUIntBE(inner.length, 0, 3)
  const outer = inner.length > 0xffff ? [0x83, ...length] : inner.length > 0x7f ? [0x81, inner.length] : [inner.length]
  return Buffer.concat([Buffer.from([0xa0, ...outer]), inner])
}
const lengthOf = (octets: Buffer): number => new DerReader(octets).octets(0).length

it('a length of three octets is the longest that is taken', () => {
  assert.equal(lengthOf(octetsWith([4, 0x83, 1, 0, 0], 0x1_0000)), 0x1_0000)
  assert.throws(() => lengthOf(octetsWith([4, 0x84, 0, 1, 0, 0], 0x1_0000)), malformed)
})

it('an indefinite length is no length of 128, and one of 127 octets is written in one', () => {
  assert.throws(() => lengthOf(octetsWith([4, 0x80], 0x80)), malformed)
  assert.equal(lengthOf(octetsWith([4, 0x7f], 0x7f)), 0x7f)
  assert.equal(lengthOf(octetsWith([4, 0x81, 0x80], 0x80)), 0x80)
})

it('flags may be an empty bit string', () => {
  assert.equal(new DerReader(Buffer.from([0xa0, 3, 3, 1, 0])).flags(0), 0)
})

it('a time ends with its Z, the fifteenth octet', () => {
  const time = (text: string) =>
    new DerReader(Buffer.concat([Buffer.from([0xa0, text.length + 2, 0x18, text.length]), Buffer.from(text)])).time(0)
  assert.equal(time('20260101000000Z'), Date.UTC(2026, 0, 1))
  for (const text of ['202601010000000', '20260101000000Z0']) assert.throws(() => time(text), malformed, text)
})
