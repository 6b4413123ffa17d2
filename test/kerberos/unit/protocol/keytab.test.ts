/** Keytabs as MIT, Heimdal, Samba and ktpass write them, and as nobody should. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { keytabOctets, recordedKeytab } from '../../../../devkit/kerberos/recorded-tokens.ts'
import { readKeytab } from '../../../../src/kerberos/protocol/keytab.ts'

const malformed = { code: 'malformed' }
/** The first of the recorded entries, without its length, and what it says. */
const entry = keytabOctets.subarray(6, 6 + keytabOctets.readInt32BE(2))
const keytabOf = (...entries: readonly Buffer[]) =>
  Buffer.concat([
    Buffer.from([5, 2]),
    ...entries.map(octets => {
      const length = Buffer.alloc(4)
      length.writeInt32BE(octets.length)
      return Buffer.concat([length, octets])
    }),
  ])

it('a keytab is read over its holes, newest key first, without RC4', () => {
  const { entries, skipped } = recordedKeytab()
  assert.deepEqual(
    entries.map(({ key }) => key.enctype.number),
    [18, 18, 17, 17],
  )
  assert.equal(skipped, 1)
  const hole = Buffer.concat([keytabOctets.subarray(0, 2), Buffer.from([0xff, 0xff, 0xff, 0xfe, 1, 2])])
  assert.equal(readKeytab(Buffer.concat([hole, keytabOctets.subarray(2)])).entries.length, 4)
})

it('an entry of the least 32-bit length, or one past the end, ends the reading with an error (pitfall 61)', () => {
  for (const length of [-0x8000_0000, 0x7fff_ffff, -1, 1, entry.length]) {
    const octets = Buffer.from([5, 2, 0, 0, 0, 0])
    octets.writeInt32BE(length, 2)
    assert.throws(() => readKeytab(octets), malformed, `${length}`)
  }
  assert.throws(() => readKeytab(keytabOctets.subarray(0, keytabOctets.length - 1)), malformed)
  const zero = Buffer.concat([keytabOf(entry), Buffer.alloc(4), Buffer.from('anything')])
  assert.equal(readKeytab(zero).entries.length, 1, 'a length of zero is the end')
})

it('a key has its 32-bit number where there is room and it is not zero, else the one of eight bits (pitfall 62)', () => {
  // Behind the key: the number, and flags that Heimdal adds.
  const withNumber = (kvno: number): number | undefined => {
    const body = Buffer.from(entry)
    body.writeUInt32BE(kvno, body.length - 8)
    return readKeytab(keytabOf(body)).entries[0]?.kvno
  }
  assert.deepEqual([withNumber(0), withNumber(1000), withNumber(0xffff_ffff)], [3, 1000, 0xffff_ffff])
  assert.equal(readKeytab(keytabOf(entry.subarray(0, entry.length - 8))).entries[0]?.kvno, 3, 'no room')
})

it('a small number behind a large one is the newer key where it was written later: it began anew after 255', () => {
  // Without room for the whole number.
  const keyOf = (kvno: number, writtenAtS: number): Buffer => {
    const body = Buffer.from(entry.subarray(0, entry.length - 8))
    const kvnoAt = body.length - 32 - 5
    body.writeUInt8(kvno, kvnoAt)
    body.writeUInt32BE(writtenAtS, kvnoAt - 4)
    return body
  }
  const order = (...keys: readonly Buffer[]) => readKeytab(keytabOf(...keys)).entries.map(({ kvno }) => kvno)
  assert.deepEqual(order(keyOf(254, 1000), keyOf(255, 2000), keyOf(1, 3000)), [1, 255, 254])
  assert.deepEqual(order(keyOf(1, 1000), keyOf(255, 2000)), [255, 1], 'the large one was written later')
  assert.deepEqual(order(keyOf(240, 1000), keyOf(1, 2000)), [240, 1], 'far from the end')
})

it('a credential cache, or another version, is no keytab (pitfall 63)', () => {
  for (const octets of [[5, 4, 0, 12], [5, 3], [5, 1, 0, 0, 0, 0], [5], []])
    assert.throws(() => readKeytab(Buffer.from(octets)), malformed, octets.join())
})

it('a key whose length is not of its type is left out and counted (pitfall 64)', () => {
  const lengthAt = entry.length - 8 - 32 - 2
  assert.equal(entry.readUInt16BE(lengthAt), 32)
  for (const length of [0, 16, 31]) {
    const body = Buffer.from(entry)
    body.writeUInt16BE(length, lengthAt)
    const { entries, skipped } = readKeytab(keytabOf(body, entry))
    assert.deepEqual([entries.length, skipped], [1, 1], `${length}`)
  }
})
