import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { tags, writeElement } from '../../../src/asn1/der.ts'
import { classifyNegotiateToken, wrapInSpnego } from '../../../src/kerberos/protocol/negotiate-token.ts'
import {
  krb5Mechanism,
  krb5MechanismOfWindows,
  ntlmMechanism,
  spnegoMechanism,
} from '../../../src/kerberos/protocol/object-identifiers.ts'

const oid = (contents: Buffer) => writeElement(tags.objectIdentifier, contents)
const apReq = writeElement(tags.apReq, writeElement(tags.sequence, Buffer.alloc(300, 7)))
const krb5Token = writeElement(tags.initialContextToken, oid(krb5Mechanism), Buffer.from([1, 0]), apReq)
const ntlmToken = Buffer.concat([Buffer.from('NTLMSSP\0'), Buffer.from([1, 0, 0, 0]), Buffer.alloc(24)])

function spnego(mechanisms: readonly Buffer[], mechToken?: Buffer): Buffer {
  const list = writeElement(tags.context0, writeElement(tags.sequence, ...mechanisms.map(oid)))
  const token = mechToken === undefined ? [] : [writeElement(tags.context2, writeElement(tags.octetString, mechToken))]
  const inner = writeElement(tags.context0, writeElement(tags.sequence, list, ...token))
  return writeElement(tags.initialContextToken, oid(spnegoMechanism), inner)
}

const kindOf = (token: Buffer) => classifyNegotiateToken(token).kind

describe('a Negotiate token', () => {
  it('is Kerberos, bare or as the first choice inside SPNEGO', () => {
    assert.equal(kindOf(krb5Token), 'krb5')
    for (const mechanism of [krb5Mechanism, krb5MechanismOfWindows]) {
      const seen = classifyNegotiateToken(spnego([mechanism, ntlmMechanism], krb5Token))
      assert.deepEqual(seen, { kind: 'spnego', krb5Token })
    }
    assert.deepEqual(classifyNegotiateToken(wrapInSpnego(krb5Token)), { kind: 'spnego', krb5Token })
  })

  it('is nothing where a length is indefinite, or has more than four octets', () => {
    const request = writeElement(tags.apReq, writeElement(tags.sequence, Buffer.alloc(111)))
    const contents = Buffer.concat([oid(krb5Mechanism), Buffer.from([1, 0]), request])
    const withLength = (length: string) => Buffer.concat([Buffer.from(`60${length}`, 'hex'), contents])
    assert.deepEqual([contents.length, kindOf(withLength('8180'))], [0x80, 'krb5'])
    for (const length of ['80', '850000000080']) assert.equal(kindOf(withLength(length)), 'unknown', length)
  })

  it('is NTLM where the client has no Kerberos for us, in each of its wrappings', () => {
    assert.equal(kindOf(ntlmToken), 'ntlm')
    assert.equal(kindOf(spnego([ntlmMechanism], ntlmToken)), 'ntlm')
    assert.equal(kindOf(spnego([ntlmMechanism])), 'ntlm')
    assert.equal(kindOf(spnego([ntlmMechanism, krb5Mechanism], ntlmToken)), 'ntlm')
    const third = writeElement(tags.sequence, writeElement(tags.context2, writeElement(tags.octetString, ntlmToken)))
    assert.equal(kindOf(writeElement(tags.context1, third)), 'ntlm')
  })

  it('has no Kerberos token to look at where Kerberos is not the first choice', () => {
    const other = Buffer.from('2b060104018237020214', 'hex')
    assert.deepEqual(classifyNegotiateToken(spnego([other, krb5Mechanism], Buffer.alloc(9))), {
      kind: 'spnego',
      krb5Token: undefined,
    })
    assert.equal(kindOf(spnego([other])), 'unknown')
  })

  it('is unknown where it is not what a client may send first', () => {
    assert.equal(kindOf(Buffer.alloc(0)), 'unknown')
    assert.equal(kindOf(Buffer.from('Basic')), 'unknown')
    assert.equal(kindOf(apReq), 'unknown')
    assert.equal(kindOf(Buffer.concat([krb5Token, Buffer.alloc(1)])), 'unknown')
    assert.equal(kindOf(spnego([krb5Mechanism], Buffer.from('not a token'))), 'unknown')
    const withReplyId = Buffer.from(krb5Token)
    withReplyId[withReplyId.indexOf(apReq) - 2] = 2
    assert.equal(kindOf(withReplyId), 'unknown')
  })

  it('is unknown where it has more elements than any client sends', () => {
    const fill = (count: number) => Array.from({ length: count }, () => Buffer.alloc(0))
    assert.equal(kindOf(spnego([krb5Mechanism, ...fill(31)], krb5Token)), 'spnego')
    assert.equal(kindOf(spnego([krb5Mechanism, ...fill(32)], krb5Token)), 'unknown')
    const third = writeElement(tags.context2, writeElement(tags.octetString, ntlmToken))
    const padded = (count: number) =>
      writeElement(tags.context1, writeElement(tags.sequence, ...fill(count).map(oid), third))
    assert.deepEqual([kindOf(padded(31)), kindOf(padded(32))], ['ntlm', 'unknown'])
  })

  it('cut anywhere, or with any octet changed, is read without harm', () => {
    const token = spnego([krb5MechanismOfWindows, ntlmMechanism], krb5Token)
    for (let offset = 0; offset < token.length; offset++) {
      assert.notEqual(kindOf(token.subarray(0, offset)), 'krb5')
      for (const octet of [0, 0x1f, 0x7f, 0x80, 0x84, 0xff]) {
        const changed = Buffer.from(token)
        changed[offset] = octet
        assert.doesNotThrow(() => kindOf(changed))
      }
    }
  })
})
