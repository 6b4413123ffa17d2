import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { writeChecksum } from '../../../../src/kerberos/protocol/encrypted-data.ts'
import { EncryptionKey, KEY_USAGE } from '../../../../src/kerberos/protocol/encryption-key.ts'
import type { OpenedReply } from '../../../../src/kerberos/protocol/kdc-reply.ts'
import { PA, type PaData } from '../../../../src/kerberos/protocol/kdc-request.ts'
import { signedOffer } from '../../../../src/kerberos/protocol/signed-request.ts'
import { TICKET_FLAG } from '../../../../src/kerberos/protocol/ticket.ts'

const key = new EncryptionKey(18, Buffer.alloc(32, 7))
const request = Buffer.from('an AS-REQ')
const signature = (octets: Buffer, type = key.enctype.checksumType): PaData => ({
  type: PA.encryptedPadata,
  value: writeChecksum(type, octets),
})
const right = signature(key.checksum(KEY_USAGE.asRequest, request))
const fast: PaData = { type: PA.fast, value: Buffer.alloc(0) }

const offerIn = (padata: readonly PaData[], flags: number = TICKET_FLAG.encryptedPadata, asked = request) =>
  signedOffer({ flags, padata } as OpenedReply, asked, key)

describe('a reply that signs its request', () => {
  it('says whether the KDC knows FAST', () => {
    assert.deepEqual(offerIn([right, fast]), { armour: true })
    assert.deepEqual(offerIn([right]), { armour: false })
  })

  it('is told by its flag: without it nothing is signed, and nothing said', () => {
    assert.equal(offerIn([right, fast], 0), undefined)
    assert.equal(offerIn([], 0), undefined)
  })

  it('is refused where the checksum is missing, of another request, key, usage, type or length', () => {
    const another = new EncryptionKey(18, Buffer.alloc(32, 8))
    for (const padata of [
      [],
      [fast],
      [signature(another.checksum(KEY_USAGE.asRequest, request))],
      [signature(key.checksum(KEY_USAGE.asReply, request))],
      [signature(key.checksum(KEY_USAGE.asRequest, request), 15)],
      [signature(key.checksum(KEY_USAGE.asRequest, request).subarray(1))],
      [signature(Buffer.alloc(0))],
    ])
      assert.throws(() => offerIn(padata), { code: 'integrity' })
    assert.throws(() => offerIn([right], undefined, Buffer.from('an AS-REq')), { code: 'integrity' })
  })

  it('is refused where the checksum is no checksum', () => {
    for (const value of ['', '30', '3000', '0400', `${right.value.toString('hex')}00`])
      assert.throws(() => offerIn([{ type: PA.encryptedPadata, value: Buffer.from(value, 'hex') }]), {
        code: 'malformed',
      })
  })
})
