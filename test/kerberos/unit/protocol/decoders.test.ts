/**
 * Every decoder against octets of anybody: refused with a code, or read; never a crash, never more work than octets.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  authorization,
  serviceKey as cammacKey,
  forgedCammac,
  indicatorElement,
} from '../../../../devkit/realm/forged-token.ts'
import { openAuthenticator, readApRequest } from '../../../../src/kerberos/protocol/ap-request.ts'
import { pacOf, readAuthorizationData } from '../../../../src/kerberos/protocol/authorization-data.ts'
import { indicatorsOf } from '../../../../src/kerberos/protocol/cammac.ts'
import { DerReader } from '../../../../src/kerberos/protocol/der-reader.ts'
import { field, integer, octetString, sequence } from '../../../../src/kerberos/protocol/der-writer.ts'
import { apRequestIn, gssFlagsOf } from '../../../../src/kerberos/protocol/gss-token.ts'
import { readKdcError } from '../../../../src/kerberos/protocol/kdc-error.ts'
import { AS_REPLY, readKdcReply } from '../../../../src/kerberos/protocol/kdc-reply.ts'
import { readKeytab } from '../../../../src/kerberos/protocol/keytab.ts'
import { Krb5Error } from '../../../../src/kerberos/protocol/krb5-error.ts'
import { readLogonInfo } from '../../../../src/kerberos/protocol/logon-info.ts'
import { PAC_BUFFER, readPac, verifyPac } from '../../../../src/kerberos/protocol/pac.ts'
import { readNegTokenInit } from '../../../../src/kerberos/protocol/spnego.ts'
import { openTicket } from '../../../../src/kerberos/protocol/ticket.ts'
import { readUpnDnsInfo } from '../../../../src/kerberos/protocol/upn-dns-info.ts'
import { bareToken, curlToken, keytabOctets, recordedKeytab } from './recorded.ts'

const request = readApRequest(apRequestIn(bareToken))
const serviceKey = recordedKeytab().entries.find(({ key }) => key.enctype.number === 18)?.key
assert(serviceKey)
const key = serviceKey
const ticket = openTicket(request.ticket, key)
assert(ticket.pac)
const pac: Buffer = ticket.pac
const bufferOf = (type: number): Buffer => readPac(pac).get(type) ?? assert.fail('no such buffer')

const cammac =
  field(10, sequence(authorization(1, sequence(forgedCammac(sequence(indicatorElement('otp'))))))) ?? Buffer.alloc(0)

const decoders: readonly (readonly [string, Buffer, (octets: Buffer) => unknown])[] = [
  ['SPNEGO', curlToken, readNegTokenInit],
  ['GSS frame', bareToken, apRequestIn],
  ['AP-REQ', Buffer.from(apRequestIn(bareToken)), readApRequest],
  ['GSS checksum', openAuthenticator(request, ticket.sessionKey).checksum?.octets ?? Buffer.alloc(0), gssFlagsOf],
  ['KDC reply', Buffer.from(apRequestIn(bareToken)), octets => readKdcReply(octets, AS_REPLY)],
  ['KDC error', Buffer.from(apRequestIn(bareToken)), readKdcError],
  ['keytab', keytabOctets, readKeytab],
  ['PAC', pac, readPac],
  ['logon info', bufferOf(PAC_BUFFER.logonInfo), readLogonInfo],
  ['CAMMAC', cammac, octets => indicatorsOf(readAuthorizationData(new DerReader(octets), 10), cammacKey)],
  ['UPN_DNS_INFO', bufferOf(PAC_BUFFER.upnDnsInfo), readUpnDnsInfo],
]

function refusedOrRead(decode: (octets: Buffer) => unknown, octets: Buffer): void {
  try {
    decode(octets)
  } catch (error) {
    assert(error instanceof Krb5Error, `${error}`)
  }
}

describe('a decoder', () => {
  for (const [name, sample, decode] of decoders) {
    it(`of ${name} reads arbitrary octets and changed samples, or refuses them with a code`, () => {
      const mutated = fc
        .record({ at: fc.nat(), removed: fc.nat({ max: 9 }), put: fc.uint8Array({ maxLength: 9 }) })
        .map(({ at, removed, put }) => {
          const start = at % sample.length
          return Buffer.concat([sample.subarray(0, start), put, sample.subarray(start + removed)])
        })
      const arbitrary = fc.uint8Array({ maxLength: 200 }).map(octets => Buffer.from(octets))
      fc.assert(
        fc.property(fc.oneof(mutated, arbitrary), octets => refusedOrRead(decode, octets)),
        { numRuns: 3_000 },
      )
      for (let length = 0; length < sample.length; length++) refusedOrRead(decode, sample.subarray(0, length))
    })
  }
})

describe('DER', () => {
  const contents = (octets: number[]) => new DerReader(Buffer.from(octets)).enter(0x30)
  const number = (octets: number[]) =>
    new DerReader(Buffer.from([0xa0, octets.length + 2, 2, octets.length, ...octets])).integer(0)
  const malformed = { code: 'malformed' }

  it('has definite lengths in their shortest form', () => {
    assert.equal(contents([0x30, 0]).done, true)
    for (const octets of [
      [0x30, 0x80, 0, 0],
      [0x30, 0x81, 0x01, 0],
      [0x30, 0x82, 0x00, 0x80, ...Array(128).fill(0)],
      [0x30, 0x84, 0, 0, 0, 1, 0],
      [0x30, 0x85, 0, 0, 0, 0, 1, 0],
      [0x30, 2, 0],
      [0x30],
      [],
      [0x3f, 0x30, 0],
    ])
      assert.throws(() => contents(octets), malformed, octets.slice(0, 6).join())
  })

  it('has nothing after the last element', () => {
    assert.throws(() => DerReader.only(Buffer.from([0x30, 0, 0]), 0x30), malformed)
  })

  it('has integers in their shortest form, of 32 bits and a sign', () => {
    assert.deepEqual([number([0]), number([0x7f]), number([0, 0x80]), number([0xff])], [0, 127, 128, -1])
    assert.equal(number([0, 0xff, 0xff, 0xff, 0xff]), 0xffff_ffff)
    for (const octets of [[], [0, 1], [0xff, 0x80], [1, 0, 0, 0, 0, 0]]) assert.throws(() => number(octets), malformed)
    for (const value of [0, 1, 127, 128, 255, 256, 0x7fff_ffff, 0xffff_ffff, -1, -128, -129, -138]) {
      const field = Buffer.concat([Buffer.from([0xa0, integer(value).length]), integer(value)])
      assert.equal(new DerReader(field).integer(0), value)
    }
  })

  it('takes a sequence number that was written as a negative number for the same 32 bits', () => {
    assert.equal(new DerReader(Buffer.from([0xa7, 6, 2, 4, 0x80, 0, 0, 1])).uint32(7), 0x8000_0001)
  })

  it('has times that exist', () => {
    const time = (text: string) =>
      new DerReader(Buffer.concat([Buffer.from([0xa0, 17, 0x18, 15]), Buffer.from(text)])).time(0)
    assert.equal(time('21000101000000Z'), Date.UTC(2100, 0, 1))
    for (const text of ['20260230000000Z', '20261301000000Z', '20260101240000Z', '2026010100000.Z', '20260101000060Z'])
      assert.throws(() => time(text), malformed, text)
  })

  it('has bit strings with at most seven bits unused, and none where there are no octets', () => {
    const bits = (...octets: number[]) =>
      new DerReader(Buffer.from([0xa0, octets.length + 2, 3, octets.length, ...octets])).flags(0)
    assert.equal(bits(0, 0x40, 0, 0, 0), 0x4000_0000)
    assert.equal(bits(7, 0x80), 0x8000_0000)
    for (const octets of [[], [8, 0], [1]]) assert.throws(() => bits(...octets), malformed)
  })

  it('nested a thousand deep as authorization data is opened one level and no further', () => {
    let data = sequence()
    for (let depth = 0; depth < 1_000; depth++) {
      data = sequence(sequence(field(0, integer(1)), field(1, octetString(data))))
    }
    const nested = field(10, data) ?? assert.fail('no field')
    refusedOrRead(octets => pacOf(readAuthorizationData(new DerReader(octets), 10)), nested)
  })
})

describe('a PAC', () => {
  it('is what the service key signed, for the client and the moment of its ticket', () => {
    verifyPac(pac, readPac(pac), ticket, key)
    const integrity = { code: 'integrity' }
    const other = { ...ticket, client: { type: 1, components: ['bob'] } }
    assert.throws(() => verifyPac(pac, readPac(pac), other, key), integrity)
    assert.throws(
      () => verifyPac(pac, readPac(pac), { ...ticket, authTimeMs: ticket.authTimeMs + 1000 }, key),
      integrity,
    )
    const weak = recordedKeytab().entries.find(entry => entry.key.enctype.number === 17)?.key
    assert(weak)
    assert.throws(() => verifyPac(pac, readPac(pac), ticket, weak), integrity)
  })

  it('is refused with any bit changed outside both signatures', () => {
    const signatures = [PAC_BUFFER.kdcSignature, PAC_BUFFER.serverSignature].map(type => {
      const start = bufferOf(type).byteOffset - pac.byteOffset
      return [start, start + bufferOf(type).length] as const
    })
    for (let at = 0; at < pac.length; at++) {
      if (signatures.some(([start, end]) => at >= start && at < end)) continue
      const changed = Buffer.from(pac)
      changed[at] = (changed[at] ?? 0) ^ 1
      assert.throws(() => verifyPac(changed, readPac(changed), ticket, key), Krb5Error, `octet ${at}`)
    }
  })

  it('names the account and its groups', () => {
    const { accountName, userSid, groupSids } = readLogonInfo(bufferOf(PAC_BUFFER.logonInfo))
    assert.equal(accountName, 'alice')
    assert.match(userSid, /^S-1-5-21-\d+-\d+-\d+-\d+$/)
    // Domain users; the identity was asserted by the KDC (MS-DTYP 2.4.2.4).
    assert.equal(groupSids[0], `${userSid.slice(0, userSid.lastIndexOf('-'))}-513`)
    assert(groupSids.includes('S-1-18-1'))
    assert.deepEqual(readUpnDnsInfo(bufferOf(PAC_BUFFER.upnDnsInfo)), {
      ...{ upn: 'alice@corp.test', dnsDomain: 'CORP.TEST', samName: 'alice' },
    })
  })

  it('takes no memory by a count: 2^32-1 buffers, groups, or characters are refused', () => {
    const many = Buffer.from(pac)
    many.writeUInt32LE(0xffff_ffff, 0)
    assert.throws(() => readPac(many), { code: 'malformed' })
    const logonInfo = Buffer.from(bufferOf(PAC_BUFFER.logonInfo))
    const groupCountAt = 20 + 108
    logonInfo.writeUInt32LE(0xffff_ffff, groupCountAt)
    assert.throws(() => readLogonInfo(logonInfo), { code: 'malformed' })
  })

  it('has each buffer once, aligned, behind the header, and on octets of its own', () => {
    const changes: readonly (readonly [string, (octets: Buffer) => void])[] = [
      ['twice', octets => void octets.writeUInt32LE(octets.readUInt32LE(8), 24)],
      ['unaligned', octets => void octets.writeUInt32LE(octets.readUInt32LE(16) + 1, 16)],
      ['in the header', octets => void octets.writeUInt32LE(8, 16)],
      ['past the end', octets => void octets.writeUInt32LE(octets.length, 12)],
      ['beyond 2^32', octets => void octets.writeUInt32LE(1, 20)],
      ['overlapping', octets => void octets.writeUInt32LE(octets.readUInt32LE(16), 32)],
    ]
    for (const [name, change] of changes) {
      const octets = Buffer.from(pac)
      change(octets)
      assert.throws(() => readPac(octets), { code: 'malformed' }, name)
    }
  })
})

describe('a keytab', () => {
  it('is read over its holes, newest key first, without RC4', () => {
    const { entries, skipped } = recordedKeytab()
    assert.deepEqual(
      entries.map(({ key: { enctype } }) => enctype.number),
      [18, 18, 17, 17],
    )
    assert.equal(skipped, 1)
    const hole = Buffer.concat([keytabOctets.subarray(0, 2), Buffer.from([0xff, 0xff, 0xff, 0xfe, 1, 2])])
    assert.equal(readKeytab(Buffer.concat([hole, keytabOctets.subarray(2)])).entries.length, 4)
  })

  it('has the 32-bit number of a key where there is room and it is not zero', () => {
    const size = keytabOctets.readInt32BE(2)
    const entry = keytabOctets.subarray(6, 6 + size)
    // Behind the key: the number, and flags that Heimdal adds.
    const withNumber = (kvno: number): number | undefined => {
      const body = Buffer.from(entry)
      body.writeUInt32BE(kvno, body.length - 8)
      return readKeytab(Buffer.concat([keytabOctets.subarray(0, 6), body])).entries[0]?.kvno
    }
    assert.deepEqual([withNumber(0), withNumber(1000)], [3, 1000])
  })

  it('is refused where it is a credential cache, or ends within an entry', () => {
    for (const octets of [
      Buffer.from([5, 4, 0, 12]),
      Buffer.alloc(0),
      keytabOctets.subarray(0, keytabOctets.length - 1),
    ])
      assert.throws(() => readKeytab(octets), { code: 'malformed' })
    const minimum = Buffer.from([5, 2, 0x80, 0, 0, 0])
    assert.throws(() => readKeytab(minimum), { code: 'malformed' })
  })
})
