/**
 * Every decoder against octets of anybody: refused with a code, or read; never a crash, never more work than octets. A
 * few thousand inputs each; `node devkit/kerberos/fuzz.ts` takes as many as it is told.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { DECODERS, isRead } from '../../../../devkit/kerberos/decoders.ts'
import { createMutations } from '../../../../devkit/kerberos/mutations.ts'
import { authorization } from '../../../../devkit/realm/forged-token.ts'
import { pacOf, readAuthorizationData } from '../../../../src/kerberos/protocol/authorization-data.ts'
import { DerReader } from '../../../../src/kerberos/protocol/der-reader.ts'
import { field, generalString, integer, message, sequence, time } from '../../../../src/kerberos/protocol/der-writer.ts'
import { readKdcError } from '../../../../src/kerberos/protocol/kdc-error.ts'

const INPUTS = 3_000

describe('a decoder', () => {
  for (const decoder of DECODERS) {
    it(`of ${decoder.name} reads arbitrary octets and changed samples, or refuses them with a code`, () => {
      const { sample } = decoder
      const arbitrary = fc.uint8Array({ maxLength: 200 }).map(octets => Buffer.from(octets))
      const mutated = fc.integer().map(seed => createMutations(sample, seed)())
      fc.assert(
        fc.property(fc.oneof(mutated, arbitrary), octets => void isRead(decoder, octets)),
        { numRuns: INPUTS },
      )
      for (let length = 0; length < sample.length; length++) isRead(decoder, sample.subarray(0, length))
    })
  }

  it('reads its sample, but for signatures that are not of this text', () => {
    const refused = DECODERS.filter(decoder => !isRead(decoder, Buffer.from(decoder.sample))).map(({ name }) => name)
    assert.deepEqual(refused, ['MIC', 'challenge of the KDC'])
  })
})

it('an error of a KDC is read by its number, whatever names it holds, or none', () => {
  const nobody = sequence(field(0, integer(0)), field(1, sequence()))
  const error = message(
    30,
    ...[field(0, integer(5)), field(1, integer(30)), field(4, time(0)), field(5, integer(0)), field(6, integer(13))],
    ...[field(8, nobody), field(9, generalString('')), field(10, nobody)],
  )
  assert.deepEqual(readKdcError(error), { code: 13, data: undefined })
})

describe('DER', () => {
  const contents = (octets: number[]) => new DerReader(Buffer.from(octets)).enter(0x30)
  const number = (octets: number[]) =>
    new DerReader(Buffer.from([0xa0, octets.length + 2, 2, octets.length, ...octets])).integer(0)
  const malformed = { code: 'malformed' }

  it('has no indefinite lengths (pitfall 65)', () => {
    assert.equal(contents([0x30, 0]).done, true)
    for (const octets of [
      [0x30, 0x80, 0, 0],
      [0x30, 0x80],
      [0x30, 0x80, 0x30, 0x80, 0, 0, 0, 0],
    ])
      assert.throws(() => contents(octets), malformed)
  })

  it('has lengths in their shortest form, of at most three octets, and small tags (pitfall 66)', () => {
    for (const octets of [
      [0x30, 0x81, 0x01, 0],
      [0x30, 0x82, 0x00, 0x80, ...Array(128).fill(0)],
      [0x30, 0x84, 0, 0, 0, 1, 0],
      [0x30, 0x85, 0, 0, 0, 0, 1, 0],
      [0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
      [0x30, 0xff],
      [0x30, 2, 0],
      [0x30],
      [],
      [0x3f, 0x30, 0],
      [0x3f, 0xff, 0xff, 0xff, 0xff, 0x7f, 0],
    ])
      assert.throws(() => contents(octets), malformed, octets.slice(0, 6).join())
    assert.throws(() => DerReader.only(Buffer.from([0x30, 0, 0]), 0x30), malformed, 'octets behind the last element')
  })

  it('has integers in their shortest form, of 32 bits and a sign', () => {
    assert.deepEqual([number([0]), number([0x7f]), number([0, 0x80]), number([0xff])], [0, 127, 128, -1])
    assert.equal(number([0, 0xff, 0xff, 0xff, 0xff]), 0xffff_ffff)
    for (const octets of [[], [0, 1], [0xff, 0x80], [1, 0, 0, 0, 0, 0]]) assert.throws(() => number(octets), malformed)
    for (const value of [0, 1, 127, 128, 255, 256, 0x7fff_ffff, 0xffff_ffff, -1, -128, -129, -138]) {
      const written = Buffer.concat([Buffer.from([0xa0, integer(value).length]), integer(value)])
      assert.equal(new DerReader(written).integer(0), value)
    }
  })

  it('takes a sequence number that was written as a negative number for the same 32 bits (pitfall 67)', () => {
    assert.equal(new DerReader(Buffer.from([0xa7, 6, 2, 4, 0x80, 0, 0, 1])).uint32(7), 0x8000_0001)
    assert.equal(new DerReader(Buffer.from([0xa7, 3, 2, 1, 0xff])).uint32(7), 0xffff_ffff)
  })

  it('has bit strings with at most seven bits unused, none where there are no octets, and times that exist (pitfall 68)', () => {
    const bits = (...octets: number[]) =>
      new DerReader(Buffer.from([0xa0, octets.length + 2, 3, octets.length, ...octets])).flags(0)
    assert.equal(bits(0, 0x40, 0, 0, 0), 0x4000_0000)
    assert.equal(bits(7, 0x80), 0x8000_0000)
    for (const octets of [[], [8, 0], [1], [255, 0, 0, 0, 0]]) assert.throws(() => bits(...octets), malformed)
    const time = (text: string) =>
      new DerReader(Buffer.concat([Buffer.from([0xa0, text.length + 2, 0x18, text.length]), Buffer.from(text)])).time(0)
    assert.equal(time('21000101000000Z'), Date.UTC(2100, 0, 1))
    for (const text of [
      ...['20260230000000Z', '20261301000000Z', '20260101240000Z', '20260101006000Z', '20260101000060Z'],
      ...['2026010100000.Z', '2026010100000:Z', '2026010100000/Z', '00700101000000Z'],
      ...['20260101000000+0000', '20260101000000.5Z', '260101000000Z', ''],
    ])
      assert.throws(() => time(text), malformed, text)
  })

  it('nested a thousand deep as authorization data is opened one level and no further', () => {
    let data: Buffer = Buffer.alloc(0)
    for (let depth = 0; depth < 1_000; depth++) data = sequence(authorization(1, data))
    const nested = field(10, data) ?? assert.fail('no field')
    assert.equal(pacOf(readAuthorizationData(new DerReader(nested), 10)), undefined)
  })
})
