import {
  type Element,
  readAll,
  readElement,
  readTagged,
  tags,
  writeElement,
  writeElementBefore,
} from '../../asn1/der.ts'
import { isKerberosMechanism, krb5Mechanism, ntlmMechanism, spnegoMechanism } from './object-identifiers.ts'

/** What a client put behind `Negotiate` (RFC 4559 4.1), seen before anything is opened. */
export type NegotiateToken =
  /** A bare Kerberos token (RFC 4121 4.1). */
  | { readonly kind: 'krb5' }
  /** A first SPNEGO leg (RFC 4178 4.2.1); `krb5Token` is its optimistic Kerberos token, if it has one. */
  | { readonly kind: 'spnego'; readonly krb5Token: Buffer | undefined }
  | { readonly kind: 'ntlm' }
  | { readonly kind: 'unknown' }

/** MS-NLMP 2.2: the eight octets every NTLM message starts with. */
const ntlmSignature = Buffer.from('NTLMSSP\0', 'latin1')

/** Windows offers four mechanisms, and a message has four fields. Elements take two octets, and more to read than those. */
const MAX_ELEMENTS = 32

/** TOK_ID of KRB_AP_REQ (RFC 4121 4.1). */
const apReqTokenId = 0x0100

/** Looks at a token as a client sent it. Pure, never throws, reads no further than the octets given. */
export function classifyNegotiateToken(token: Buffer): NegotiateToken {
  if (isNtlm(token)) return { kind: 'ntlm' }
  // A NegTokenResp is a later leg: of Kerberos we know none, NTLM's third message comes this way.
  if (token[0] === tags.context1) return { kind: carriesNtlm(token) ? 'ntlm' : 'unknown' }
  const outer = readTagged(token, tags.initialContextToken)
  const mechanism = outer && readTagged(outer.contents, tags.objectIdentifier)
  if (outer === undefined || mechanism === undefined) return { kind: 'unknown' }
  if (isKerberosMechanism(mechanism.contents)) return { kind: isApReq(token) ? 'krb5' : 'unknown' }
  if (!mechanism.contents.equals(spnegoMechanism)) return { kind: 'unknown' }
  return classifyNegTokenInit(outer.contents.subarray(mechanism.next))
}

function classifyNegTokenInit(buffer: Buffer): NegotiateToken {
  const choice = readTagged(buffer, tags.context0)
  const sequence = choice && readTagged(choice.contents, tags.sequence)
  const fields = sequence && readAll(sequence.contents, MAX_ELEMENTS)
  const mechanisms = fields && readMechanisms(fields)
  if (fields === undefined || mechanisms === undefined) return { kind: 'unknown' }
  const mechToken = readMechToken(fields)
  if (mechToken !== undefined && isNtlm(mechToken)) return { kind: 'ntlm' }
  const offersKrb5 = mechanisms.some(isKerberosMechanism)
  if (!offersKrb5) return { kind: mechanisms.some(oid => oid.equals(ntlmMechanism)) ? 'ntlm' : 'unknown' }
  // The optimistic token belongs to the first mechanism of the list (RFC 4178 4.2.1).
  const first = mechanisms[0]
  const optimistic = first !== undefined && isKerberosMechanism(first) ? mechToken : undefined
  if (optimistic !== undefined && !isApReq(optimistic)) return { kind: 'unknown' }
  return { kind: 'spnego', krb5Token: optimistic }
}

// The frame of an initiator's first Kerberos token: mechanism, token id 01 00, AP-REQ = [APPLICATION 14] SEQUENCE,
// nothing after it (RFC 4121 4.1, RFC 4120 5.5.1).
function isApReq(token: Buffer): boolean {
  const outer = readTagged(token, tags.initialContextToken)
  const mechanism = outer && readTagged(outer.contents, tags.objectIdentifier)
  if (outer?.next !== token.length || mechanism === undefined || !isKerberosMechanism(mechanism.contents)) return false
  const body = outer.contents.subarray(mechanism.next)
  if (body.length < 2) return false
  const request = body.readUInt16BE(0) === apReqTokenId ? readTagged(body, tags.apReq, 2) : undefined
  const sequence = request && readTagged(request.contents, tags.sequence)
  return request?.next === body.length && sequence?.next === request.contents.length
}

function readMechanisms(fields: readonly Element[]): Buffer[] | undefined {
  const field = fields.find(({ tag }) => tag === tags.context0)
  const list = field && readTagged(field.contents, tags.sequence)
  const elements = list && readAll(list.contents, MAX_ELEMENTS)
  if (elements === undefined || elements.some(({ tag }) => tag !== tags.objectIdentifier)) return undefined
  return elements.map(({ contents }) => contents)
}

function readMechToken(fields: readonly Element[]): Buffer | undefined {
  const field = fields.find(({ tag }) => tag === tags.context2)
  return field && readTagged(field.contents, tags.octetString)?.contents
}

function carriesNtlm(token: Buffer): boolean {
  const sequence = readElement(token)
  const body = sequence && readTagged(sequence.contents, tags.sequence)
  const fields = (body && readAll(body.contents, MAX_ELEMENTS)) ?? []
  return fields.some(({ contents }) => {
    const inner = readTagged(contents, tags.octetString)
    return inner !== undefined && isNtlm(inner.contents)
  })
}

const isNtlm = (octets: Buffer): boolean => octets.subarray(0, ntlmSignature.length).equals(ntlmSignature)

/**
 * Wraps a Kerberos token as the first and only leg of SPNEGO (RFC 4178 4.2.1): one mechanism in the list, its token
 * beside it. With one mechanism there is nothing to negotiate, hence no mechListMIC (RFC 4178 5).
 */
export function wrapInSpnego(krb5Token: Buffer): Buffer {
  return Buffer.concat([spnegoBefore(krb5Token.length), krb5Token])
}

const spnegoOid = writeElement(tags.objectIdentifier, spnegoMechanism)
const mechTypes = writeElement(
  tags.context0,
  writeElement(tags.sequence, writeElement(tags.objectIdentifier, krb5Mechanism)),
)

/** All that stands before a Kerberos token of that length, which comes last in each element. Few lengths occur. */
function spnegoBefore(length: number): Buffer {
  let before = spnegoPrefixes.get(length)
  if (before === undefined) {
    const mechToken = writeElementBefore(length, tags.context2, writeElementBefore(length, tags.octetString))
    const sequence = writeElementBefore(length, tags.sequence, mechTypes, mechToken)
    const negTokenInit = writeElementBefore(length, tags.context0, sequence)
    before = writeElementBefore(length, tags.initialContextToken, spnegoOid, negTokenInit)
    if (spnegoPrefixes.size < MAX_PREFIXES) spnegoPrefixes.set(length, before)
  }
  return before
}

const MAX_PREFIXES = 1024
const spnegoPrefixes = new Map<number, Buffer>()
