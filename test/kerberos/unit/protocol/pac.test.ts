/** What a KDC says of an account, changed in every way that has broken an implementation. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { bareToken, recordedKeytab } from '../../../../devkit/kerberos/recorded-tokens.ts'
import {
  carrying,
  clientInfo,
  emptySignature,
  forgedPac,
  type PacBuffer,
  signPac,
  writePac,
} from '../../../../devkit/realm/forged-pac.ts'
import { authorization, serviceKey as forgersKey } from '../../../../devkit/realm/forged-token.ts'
import { readApRequest } from '../../../../src/kerberos/protocol/ap-request.ts'
import { sequence } from '../../../../src/kerberos/protocol/der-writer.ts'
import { apRequestIn } from '../../../../src/kerberos/protocol/gss-token.ts'
import { Krb5Error } from '../../../../src/kerberos/protocol/krb5-error.ts'
import { PAC_BUFFER, readPac, verifyPac } from '../../../../src/kerberos/protocol/pac.ts'
import { openTicket } from '../../../../src/kerberos/protocol/ticket.ts'
import type { TicketProof } from '../../../../src/kerberos/ticket-proof.ts'
import { alice, type ForgedAcceptor, startForgedAcceptor } from '../forged-acceptor.ts'

const malformed = { code: 'malformed' }
const integrity = { code: 'integrity' }
const request = readApRequest(apRequestIn(bareToken))
const { key } = recordedKeytab().entries.find(entry => entry.key.enctype.number === 18) ?? assert.fail('no key')
const ticket = openTicket(request.ticket, key)
const pac = ticket.pac ?? assert.fail('no PAC')
const bufferOf = (type: number): Buffer => readPac(pac).get(type) ?? assert.fail('no such buffer')
const logonInfo = Buffer.from(bufferOf(PAC_BUFFER.logonInfo))

let door: ForgedAcceptor
before(() => {
  door = startForgedAcceptor({ question: { sids: new Set(['S-1-18-1', 'S-1-18-5']), indicators: new Set() } })
})
after(() => door[Symbol.dispose]())

const pacFor = (buffers: readonly PacBuffer[] = [], name = 'alice'): Buffer =>
  forgedPac(forgersKey, { name, authTimeMs: door.nowMs - 60_000, buffers })
const proofOf = async (octets: Buffer): Promise<TicketProof | undefined> =>
  (await door.acceptor.accept(door.token(carrying(octets)))).proof

describe('a PAC', () => {
  it('is what the service key signed, for the client and the moment of its ticket', () => {
    verifyPac(pac, readPac(pac), ticket, key)
    const { key: weak } =
      recordedKeytab().entries.find(entry => entry.key.enctype.number === 17) ?? assert.fail('no key')
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

  it('is looked for in the ticket alone, and none at all is no fault', async () => {
    assert.equal(await door.forged(carrying(pacFor())), alice)
    assert.equal(await door.forged(carrying()), alice)
    assert.equal(await door.forged(), alice)
  })

  it('of 2^32-1 buffers, or more than there can be, is refused before memory is taken (pitfall 44)', async () => {
    for (const count of [0xffff_ffff, 0x1000_0000, 4_097, 65]) {
      const many = Buffer.alloc(65_536)
      pac.copy(many)
      many.writeUInt32LE(count, 0)
      assert.throws(() => readPac(many), malformed, `${count}`)
    }
    const numbered = (count: number) =>
      writePac(Array.from({ length: count }, (_, type) => [type, Buffer.alloc(1)] as const))
    assert.equal(readPac(numbered(64)).size, 64)
    assert.throws(() => readPac(numbered(65)), malformed)
    const many = Buffer.from(pac)
    many.writeUInt32LE(0xffff_ffff, 0)
    assert.equal(await door.forged(carrying(many)), 'token-defective')
  })

  it('with a buffer in the header, off its alignment, past the end or beyond 2^32 is refused (pitfall 45)', () => {
    const changes: readonly (readonly [string, (octets: Buffer) => void])[] = [
      ['in the header', octets => void octets.writeUInt32LE(8, 16)],
      [
        'unaligned',
        octets => {
          octets.writeUInt32LE(octets.readUInt32LE(12) - 1, 12)
          octets.writeUInt32LE(octets.readUInt32LE(16) + 1, 16)
        },
      ],
      ['past the end', octets => void octets.writeUInt32LE(octets.length, 12)],
      ['the sum goes round', octets => void octets.writeUInt32LE(0xffff_fff8, 16)],
      ['the size goes round', octets => void octets.writeUInt32LE(0xffff_fff8, 12)],
      ['beyond 2^32', octets => void octets.writeUInt32LE(1, 20)],
      ['another version', octets => void octets.writeUInt32LE(1, 4)],
    ]
    for (const [name, change] of changes) {
      const octets = Buffer.from(pac)
      change(octets)
      assert.throws(() => readPac(octets), malformed, name)
    }
    for (let length = 0; length < 8; length++) assert.throws(() => readPac(pac.subarray(0, length)), malformed)
  })

  it('with a last buffer of no length is read (pitfall 46)', async () => {
    const ending = writePac([
      [PAC_BUFFER.clientInfo, clientInfo('alice', 0)],
      [99, Buffer.alloc(0)],
    ])
    assert.equal(readPac(ending).get(99)?.length, 0)
    for (const type of [99, PAC_BUFFER.delegationInfo, 19])
      assert.equal(await door.forged(carrying(pacFor([[type, Buffer.alloc(0)]]))), alice, `${type}`)
    // Of no length, a buffer that is read says nothing.
    assert.equal(await door.forged(carrying(pacFor([[PAC_BUFFER.logonInfo, Buffer.alloc(0)]]))), 'token-defective')
  })

  it('with a buffer twice, buffers that overlap, or beside a second PAC, is refused (pitfall 47)', async () => {
    const twice = Buffer.from(pac)
    twice.writeUInt32LE(twice.readUInt32LE(8), 24)
    assert.throws(() => readPac(twice), malformed)
    const overlapping = Buffer.from(pac)
    overlapping.writeUInt32LE(overlapping.readUInt32LE(16), 32)
    assert.throws(() => readPac(overlapping), malformed)
    const good = pacFor()
    assert.equal(await door.forged(carrying(good, good)), 'token-defective')
    const apart = sequence(...[good, good].map(octets => authorization(1, sequence(authorization(128, octets)))))
    assert.equal(await door.forged({ authorizationData: apart }), 'token-defective')
  })

  it('with a signature that is short, missing, unkeyed, SHA-1 or of another type is refused (pitfall 48)', async () => {
    for (let length = 0; length < 16; length++) {
      const signature = emptySignature(forgersKey).subarray(0, length)
      const octets = writePac([
        [PAC_BUFFER.clientInfo, clientInfo('alice', door.nowMs - 60_000)],
        [PAC_BUFFER.serverSignature, signature],
      ])
      assert.equal(await door.forged(carrying(octets)), 'token-defective', `${length} octets`)
    }
    // CRC32, MD5, SHA-1 with and without key, HMAC-MD5, AES128, RFC 8009.
    for (const type of [0, 1, 7, 10, 14, -138, 15, 19, 20]) {
      const octets = pacFor()
      readPac(octets).get(PAC_BUFFER.serverSignature)?.writeInt32LE(type)
      signPac(octets, forgersKey)
      assert.equal(await door.forged(carrying(octets)), 'token-defective', `${type}`)
    }
    const unsigned = writePac([[PAC_BUFFER.clientInfo, clientInfo('alice', door.nowMs - 60_000)]])
    assert.equal(await door.forged(carrying(unsigned)), 'token-defective')
    assert.equal(await door.forged(carrying(Buffer.alloc(8))), 'token-defective')
  })

  it('of another client, or another sign-in, is refused; a type of name is a hint (pitfall 49)', async () => {
    for (const name of ['bob', 'Alice', 'alice@CORP.TEST', 'alice\0', ''])
      assert.equal(await door.forged(carrying(pacFor([], name))), 'token-defective', name)
    const moved = { ...ticket, authTimeMs: ticket.authTimeMs + 1000 }
    assert.throws(() => verifyPac(pac, readPac(pac), moved, key), integrity)
    const client = { type: 10, components: ['alice'] }
    assert.equal(await door.forged({ ...carrying(pacFor()), client }), alice)
    for (const info of [Buffer.alloc(0), Buffer.alloc(9), clientInfo('alice', 0).subarray(0, 14)]) {
      const octets = signPac(
        writePac([
          [PAC_BUFFER.clientInfo, info],
          [PAC_BUFFER.serverSignature, emptySignature(forgersKey)],
        ]),
        forgersKey,
      )
      assert.equal(await door.forged(carrying(octets)), 'token-defective')
    }
  })

  it('without LOGON_INFO names no groups, and is no error (pitfall 50)', async () => {
    assert.deepEqual((await proofOf(pacFor()))?.sids, [])
    assert.deepEqual((await proofOf(pacFor([[PAC_BUFFER.logonInfo, logonInfo]])))?.sids, ['S-1-18-1'])
  })

  it('that is missing, as a client can ask for, says nothing of groups', async () => {
    using unnamed = startForgedAcceptor({ question: { sids: new Set(['S-1-18-5']), indicators: new Set() } })
    const { proof } = await unnamed.acceptor.accept(unnamed.token())
    assert.deepEqual([proof?.isByService, proof?.sids], [false, undefined])
  })

  it('of an account of another realm than its ticket is nobody’s: that realm may have somebody of the name', async () => {
    const named = carrying(pacFor([[PAC_BUFFER.logonInfo, logonInfo]]))
    assert.equal(await door.forged(named), alice)
    const trustedRealms = [{ realm: 'PARTNER.TEST', netbiosDomain: 'PARTNER' }]
    using trusting = startForgedAcceptor({ directory: { realm: 'CORP.TEST', netbiosDomain: 'corp', trustedRealms } })
    assert.equal(await trusting.forged(named), alice)
    assert.equal(await trusting.forged({ ...named, clientRealm: 'PARTNER.TEST' }), 'principal-malformed')
    using nameless = startForgedAcceptor({ directory: { realm: 'CORP.TEST', trustedRealms } })
    assert.equal(await nameless.forged({ ...named, clientRealm: 'PARTNER.TEST' }), 'alice@PARTNER.TEST')
  })

  it('with claims that unpack to gigabytes is read past them (pitfall 53)', async () => {
    // CLAIMS_SET_METADATA (MS-ADTS 2.2.18.4): LZNT1, 4 GiB once unpacked.
    const bomb = Buffer.from(
      '01100800cccccccc0000000000000000000002000400000004000200040000 00ffffffff'.replace(' ', ''),
      'hex',
    )
    const named: PacBuffer = [PAC_BUFFER.logonInfo, logonInfo]
    for (const type of [13, 15]) assert.deepEqual((await proofOf(pacFor([named, [type, bomb]])))?.sids, ['S-1-18-1'])
  })
})
