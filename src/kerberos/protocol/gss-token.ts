import { tags, writeElement } from '../../asn1/der.ts'
import { DerReader, UNIVERSAL } from './der-reader.ts'
import { type EncryptionKey, KEY_USAGE } from './encryption-key.ts'
import { Krb5Error, malformed } from './krb5-error.ts'
import { krb5Mechanism } from './object-identifiers.ts'

/** Token identifiers (RFC 4121 4.1). */
const TOKEN = { apRequest: 0x0100, apReply: 0x0200 } as const

const mechanism = writeElement(tags.objectIdentifier, krb5Mechanism)

/** The AP-REQ inside an initiator's first token (RFC 2743 3.1, RFC 4121 4.1), as a view. Throws `malformed`. */
export function apRequestIn(token: Buffer): Buffer {
  const frame = DerReader.only(token, tags.initialContextToken)
  if (!frame.enter(UNIVERSAL.objectIdentifier).rest().equals(krb5Mechanism)) throw malformed('mechanism')
  const body = frame.rest()
  if (body.length < 2 || body.readUInt16BE() !== TOKEN.apRequest) throw malformed('token identifier')
  return body.subarray(2)
}

const framed = (identifier: number, body: Buffer): Buffer => {
  const id = Buffer.alloc(2)
  id.writeUInt16BE(identifier)
  return writeElement(tags.initialContextToken, mechanism, id, body)
}

/** The token around an AP-REQ, or an AP-REP (RFC 2743 3.1, RFC 4121 4.1). */
export const frameApRequest = (request: Buffer): Buffer => framed(TOKEN.apRequest, request)
export const frameApReply = (reply: Buffer): Buffer => framed(TOKEN.apReply, reply)

/** Type of the checksum that carries GSSAPI's flags in the authenticator (RFC 4121 4.1.1). */
export const GSS_CHECKSUM = 0x8003

const DELEGATION_FLAG = 1

/** Asks for a third leg, in which the initiator proves itself once more (RFC 4757 7.1). */
export const DCE_STYLE_FLAG = 0x1000

/** Octets of the checksum without delegation: length of the bindings, their hash, flags. */
const FIXED_BYTES = 24

/** Flags of the checksum (RFC 4121 4.1.1.1). Delegated credentials behind them are measured, and ignored. Throws `malformed`. */
export function gssFlagsOf(checksum: Buffer): number {
  if (checksum.length < FIXED_BYTES || checksum.readUInt32LE(0) !== 16) throw malformed('checksum of the authenticator')
  const flags = checksum.readUInt32LE(20)
  if ((flags & DELEGATION_FLAG) !== 0 && checksum.length > FIXED_BYTES) {
    if (checksum.length < FIXED_BYTES + 4 || checksum.readUInt16LE(26) > checksum.length - FIXED_BYTES - 4) {
      throw malformed('delegation in the checksum of the authenticator')
    }
  }
  return flags
}

/** Hash of the channel bindings in a checksum that `gssFlagsOf` has read; zeros where the client knows none. */
export const bindingsOf = (checksum: Buffer): Buffer => checksum.subarray(4, 20)

/** The checksum of an initiator with no flags; `bindings`: 16 octets, zero for none. */
export function plainGssChecksum(bindings?: Uint8Array): Buffer {
  const checksum = Buffer.alloc(FIXED_BYTES)
  checksum.writeUInt32LE(16)
  if (bindings !== undefined) checksum.set(bindings, 4)
  return checksum
}

// MIC tokens (RFC 4121 4.2.6.1): 04 04, flags, five octets FF, sequence number of 64 bits, checksum over the text and
// that header.
const MIC_HEADER_BYTES = 16
const MIC_FLAG = { sentByAcceptor: 1, sealed: 2, acceptorSubkey: 4 } as const

/** `sequenceNumber`: that of our AP-REP. */
export function writeAcceptorMic(key: EncryptionKey, text: Uint8Array, sequenceNumber: number): Buffer {
  const header = micHeader(MIC_FLAG.sentByAcceptor, sequenceNumber)
  return Buffer.concat([header, key.checksum(KEY_USAGE.acceptorSign, text, header)])
}

/** Throws `integrity` or `malformed` unless the initiator made this MIC over the text. */
export function verifyInitiatorMic(key: EncryptionKey, text: Uint8Array, mic: Buffer): void {
  const header = mic.subarray(0, MIC_HEADER_BYTES)
  const isMic = header.length === MIC_HEADER_BYTES && header.readUInt16BE() === 0x0404
  if (!isMic || !header.subarray(3, 8).every(octet => octet === 0xff)) throw malformed('MIC token')
  // We assert no subkey, so there is none of the acceptor to sign with.
  if (header[2] !== 0) throw new Krb5Error('integrity', 'flags of a MIC token')
  key.verifyChecksum(KEY_USAGE.initiatorSign, mic.subarray(MIC_HEADER_BYTES), text, header)
}

function micHeader(flags: number, sequenceNumber: number): Buffer {
  const header = Buffer.alloc(MIC_HEADER_BYTES, 0xff)
  header.writeUInt16BE(0x0404, 0)
  header.writeUInt8(flags, 2)
  header.writeBigUInt64BE(BigInt(sequenceNumber), 8)
  return header
}
