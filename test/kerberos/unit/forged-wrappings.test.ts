/** Bad inputs around and beside the ticket: the checksum of GSSAPI, its frame, SPNEGO. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Forgery, forgedNegotiation, mechanismList, sessionKey } from '../../../devkit/realm/forged-token.ts'
import { writeElement } from '../../../src/asn1/der.ts'
import { field, octetString, sequence } from '../../../src/kerberos/protocol/der-writer.ts'
import { KEY_USAGE } from '../../../src/kerberos/protocol/encryption-key.ts'
import { apRequestIn, GSS_CHECKSUM, plainGssChecksum } from '../../../src/kerberos/protocol/gss-token.ts'
import { wrapInSpnego } from '../../../src/kerberos/protocol/negotiate-token.ts'
import {
  krb5Mechanism,
  krb5MechanismOfWindows,
  ntlmMechanism,
  spnegoMechanism,
} from '../../../src/kerberos/protocol/object-identifiers.ts'
import { readNegTokenInit } from '../../../src/kerberos/protocol/spnego.ts'
import { alice, type ForgedAcceptor, startForgedAcceptor } from './forged-acceptor.ts'

/** 1.3.6.1.4.1.311.2.2.30 (MS-NEGOEX). */
const negoExMechanism = Buffer.from('2b06010401823702021e', 'hex')
const MINUTE_MS = 60_000
let door: ForgedAcceptor

before(() => {
  door = startForgedAcceptor()
})
after(() => door[Symbol.dispose]())

const withChecksum = (octets: Buffer, type = GSS_CHECKSUM): Partial<Forgery> => ({ checksum: { type, octets } })

describe('the checksum of GSSAPI', () => {
  it('must be there, and of its own type (pitfall 14)', async () => {
    assert.equal(await door.forged({ checksum: undefined }), 'token-defective')
    for (const type of [0, 7, 16, -138, 0x8002])
      assert.equal(await door.forged(withChecksum(plainGssChecksum(), type)), 'token-defective', `${type}`)
  })

  it('under 24 octets, or with bindings of another length than 16, is refused (pitfall 15)', async () => {
    for (let length = 0; length < 24; length++)
      assert.equal(await door.forged(withChecksum(plainGssChecksum().subarray(0, length))), 'token-defective')
    for (const length of [0, 15, 17, 0xffff_ffff]) {
      const wrongLength = plainGssChecksum()
      wrongLength.writeUInt32LE(length)
      assert.equal(await door.forged(withChecksum(wrongLength)), 'token-defective', `${length}`)
    }
  })

  it('may delegate, which is ignored, and may not claim more octets than there are (pitfall 16)', async () => {
    const delegating = (length: number, rest: number): Buffer => {
      const octets = Buffer.concat([plainGssChecksum(), Buffer.from([1, 0, 0, 0]), Buffer.alloc(rest)])
      octets.writeUInt32LE(1, 20)
      octets.writeUInt16LE(length, 26)
      return octets
    }
    assert.equal(await door.forged(withChecksum(delegating(10, 10))), alice)
    for (const length of [11, 0xffff])
      assert.equal(await door.forged(withChecksum(delegating(length, 10))), 'token-defective')
    const flagAlone = plainGssChecksum()
    flagAlone.writeUInt32LE(1, 20)
    assert.equal(await door.forged(withChecksum(flagAlone)), alice)
    assert.equal(await door.forged(withChecksum(Buffer.concat([flagAlone, Buffer.alloc(3)]))), 'token-defective')
  })
})

it('a checksum that asks for a third leg (DCE) is refused, as libgssapi does', async () => {
  const dce = plainGssChecksum()
  dce.writeUInt32LE(0x1000, 20)
  assert.equal(await door.forged(withChecksum(dce)), 'continue-needed')
  dce.writeUInt32LE(0xefff & ~1, 20)
  assert.equal(await door.forged(withChecksum(dce)), alice)
})

describe('a frame', () => {
  it('that is missing, of another length, mechanism or kind, or with octets behind, is refused (pitfall 17)', async () => {
    const token = door.token()
    const request = apRequestIn(token)
    const frame = (mechanism: Buffer, id: number[], ...rest: Buffer[]) =>
      writeElement(0x60, writeElement(0x06, mechanism), Buffer.from(id), request, ...rest)
    assert.deepEqual(frame(krb5Mechanism, [1, 0]), token)
    const longer = Buffer.from(token)
    longer[3] = (longer[3] ?? 0) + 1
    for (const wrong of [
      Buffer.from(request),
      longer,
      frame(krb5Mechanism, [1, 0], Buffer.from([0])),
      Buffer.concat([token, Buffer.from([0])]),
      frame(krb5MechanismOfWindows, [1, 0]),
      frame(spnegoMechanism, [1, 0]),
      ...[[2, 0], [3, 0], [0, 1], []].map(id => frame(krb5Mechanism, id)),
    ]) {
      assert.equal(await door.verdictOf(wrong), 'token-defective')
      assert.equal(await door.verdictOf(wrapInSpnego(wrong)), 'token-defective')
    }
    assert.equal(await door.verdictOf(token), alice)
  })

  it('of a message of an established context is refused: there is no Wrap to unwrap (pitfall 60)', async () => {
    const wrapped = Buffer.concat([
      Buffer.from('050400ff0010000000000000000000 01'.replaceAll(' ', ''), 'hex'),
      Buffer.alloc(40),
    ])
    for (const token of [
      wrapped,
      wrapInSpnego(wrapped),
      writeElement(0x60, writeElement(0x06, krb5Mechanism), wrapped),
    ])
      assert.equal(await door.verdictOf(token), 'token-defective')
  })
})

describe('a token', () => {
  it('shown again in another wrapping, or with another name beside its ticket, is a replay (pitfall 2)', async () => {
    const token = door.token()
    assert.equal(await door.verdictOf(token), alice)
    assert.equal(await door.verdictOf(wrapInSpnego(token)), 'replay')
    assert.equal(await door.verdictOf(forgedNegotiation([krb5MechanismOfWindows, ntlmMechanism], token)), 'replay')
    const renamed = Buffer.from(token)
    renamed.write('proxi', renamed.indexOf('proxy'))
    assert.equal(await door.verdictOf(renamed), 'replay')
  })

  it('of a clock that is ahead is no new one when that time has come (pitfall 4)', async () => {
    const token = door.token({ authenticatorAtMs: door.nowMs + 5 * MINUTE_MS, microseconds: 0 })
    assert.equal(await door.verdictOf(token), alice)
    const before = door.nowMs
    for (const minutes of [1, 5, 9, 10]) {
      door.nowMs = before + minutes * MINUTE_MS
      assert.equal(await door.verdictOf(token), 'replay', `after ${minutes} minutes`)
    }
    door.nowMs = before + 10 * MINUTE_MS + 1
    assert.equal(await door.verdictOf(token), 'clock-skew')
    door.nowMs = before
  })
})

describe('SPNEGO', () => {
  const mic = (
    list: Buffer,
    changes: { readonly usage?: number; readonly at?: number; readonly flags?: number } = {},
  ): Buffer => {
    const header = Buffer.alloc(16, 0xff)
    header.writeUInt32BE(0x0404_00ff, 0)
    header.writeBigUInt64BE(1n, 8)
    header.writeUInt8(changes.flags ?? 0, 2)
    if (changes.at !== undefined) header[changes.at] = 0
    return Buffer.concat([header, sessionKey.checksum(changes.usage ?? KEY_USAGE.initiatorSign, list, header)])
  }

  it('offers as Windows does are accepted, NegoEx and NTLM among them being nobody', async () => {
    const windows = [krb5MechanismOfWindows, krb5Mechanism, negoExMechanism, ntlmMechanism]
    assert.equal(await door.verdictOf(forgedNegotiation(windows, door.token())), alice)
    assert.equal(await door.verdictOf(forgedNegotiation([krb5Mechanism], door.token())), alice)
  })

  it('with NTLM first or alone is told so (pitfall 54)', async () => {
    const ntlm = Buffer.concat([Buffer.from('NTLMSSP\0'), Buffer.alloc(8)])
    assert.equal(await door.verdictOf(ntlm), 'ntlm')
    assert.equal(await door.verdictOf(forgedNegotiation([ntlmMechanism, krb5Mechanism], ntlm)), 'ntlm')
    assert.equal(await door.verdictOf(forgedNegotiation([ntlmMechanism])), 'ntlm')
  })

  it('with a token of NegoEx, or NegoEx alone, is refused unread (pitfall 55)', async () => {
    const negoEx = Buffer.concat([Buffer.from('NEGOEXTS'), Buffer.alloc(80, 0xff)])
    assert.equal(await door.verdictOf(negoEx), 'token-defective')
    assert.equal(await door.verdictOf(forgedNegotiation([negoExMechanism], negoEx)), 'token-defective')
    assert.equal(await door.verdictOf(forgedNegotiation([negoExMechanism, krb5Mechanism], negoEx)), 'continue-needed')
    assert.equal(await door.verdictOf(forgedNegotiation([krb5Mechanism, negoExMechanism], negoEx)), 'token-defective')
  })

  it('with another mechanism first, or no token, would need a second leg (pitfall 56)', async () => {
    assert.equal(
      await door.verdictOf(forgedNegotiation([negoExMechanism, krb5Mechanism], door.token())),
      'continue-needed',
    )
    assert.equal(
      await door.verdictOf(forgedNegotiation([ntlmMechanism, krb5Mechanism], door.token())),
      'continue-needed',
    )
    assert.equal(await door.verdictOf(forgedNegotiation([krb5Mechanism])), 'continue-needed')
  })

  it('that would need a second leg, or is one, is said to be that in the log, and not to be damaged', async () => {
    const said = async (token: Buffer) => {
      const error: unknown = await door.acceptor.accept(token).catch((reason: unknown) => reason)
      return error instanceof Error ? error.message : assert.fail('it was accepted')
    }
    const offer = await said(forgedNegotiation([negoExMechanism, krb5Mechanism], door.token()))
    assert.equal(offer, 'accept: continue-needed (another mechanism than Kerberos comes first in the offer)')
    const bare = await said(forgedNegotiation([krb5Mechanism]))
    assert.equal(bare, 'accept: continue-needed (Kerberos is offered, and no ticket shown with it)')
    const later = writeElement(0xa1, sequence(field(0, writeElement(0x0a, Buffer.from([1])))))
    assert.equal(
      await said(later),
      'accept: token-defective (a later message of a negotiation, of which none is under way here)',
    )
  })

  it('without mechanisms, with a truncated one, or with a thousand, is refused (pitfall 57)', async () => {
    assert.equal(await door.verdictOf(forgedNegotiation([], door.token())), 'token-defective')
    assert.equal(
      await door.verdictOf(forgedNegotiation(Array(1_000).fill(krb5Mechanism), door.token())),
      'token-defective',
    )
    const good = forgedNegotiation([krb5Mechanism, ntlmMechanism], door.token())
    const truncated = Buffer.from(good)
    const at = truncated.indexOf(writeElement(0x06, ntlmMechanism))
    truncated[at + 1] = (truncated[at + 1] ?? 0) + 9
    assert.equal(await door.verdictOf(truncated), 'token-defective')
    assert.equal(await door.verdictOf(good), alice)
  })

  it('with a MIC is answered with one, and refused where it is wrong or octets 4 to 7 are not FF (pitfall 58)', async () => {
    const list = [krb5Mechanism, ntlmMechanism]
    const verdict = (signature: Buffer) => door.verdictOf(forgedNegotiation(list, door.token(), signature))
    const good = await door.acceptor.accept(forgedNegotiation(list, door.token(), mic(mechanismList(list))))
    assert(good.replyToken?.includes(Buffer.from([4, 4, 1, 0xff])), 'a MIC of the acceptor')
    assert.equal(await verdict(mic(mechanismList([krb5Mechanism]))), 'token-defective')
    assert.equal(await verdict(mic(mechanismList(list), { usage: KEY_USAGE.acceptorSign })), 'token-defective')
    for (const at of [0, 1, 3, 4, 5, 6, 7])
      assert.equal(await verdict(mic(mechanismList(list), { at })), 'token-defective')
    // Of the acceptor, sealed, and under a subkey of ours, which there is not.
    for (const flags of [1, 2, 4]) assert.equal(await verdict(mic(mechanismList(list), { flags })), 'token-defective')
    for (const length of [0, 3, 16, 27])
      assert.equal(await verdict(mic(mechanismList(list)).subarray(0, length)), 'token-defective', `${length} octets`)
  })

  it('has a MIC over the list as it is encoded, as RFC 4178 D shows it', () => {
    const { mechanismList: list } = readNegTokenInit(forgedNegotiation([krb5Mechanism], Buffer.alloc(1)))
    assert.equal(list.toString('hex'), '300b06092a864886f712010202')
    const two = readNegTokenInit(forgedNegotiation([krb5Mechanism, ntlmMechanism], Buffer.alloc(1)))
    assert.equal(two.mechanismList.toString('hex'), '301706092a864886f712010202060a2b06010401823702020a')
  })

  it('that begins with a response, or goes on with nothing, is refused (pitfall 59)', async () => {
    const response = (...fields: (Buffer | undefined)[]) => writeElement(0xa1, sequence(...fields))
    for (const token of [
      response(field(2, octetString(door.token()))),
      response(field(0, writeElement(0x0a, Buffer.from([1])))),
      response(),
      writeElement(0xa1),
      writeElement(0x60, writeElement(0x06, spnegoMechanism)),
      Buffer.alloc(0),
    ])
      assert.equal(await door.verdictOf(token), 'token-defective')
  })
})
