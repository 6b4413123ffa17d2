import { type EncryptionKey, KEY_USAGE } from './encryption-key.ts'
import { Krb5Error, malformed } from './krb5-error.ts'
import type { OpenedTicket } from './ticket.ts'

// The Privilege Attribute Certificate (MS-PAC): what an Active Directory KDC says about the account, inside the ticket.
//
//   count | version | count x { type, size, offset of 64 bits } | buffers, each at a multiple of eight
//
// Offsets and sizes are whatever a sender wrote: each is measured before it is used, and no memory is taken by a count.

/** Types of buffers (MS-PAC 2.4). */
export const PAC_BUFFER = {
  logonInfo: 1,
  serverSignature: 6,
  kdcSignature: 7,
  clientInfo: 10,
  /** S4U_DELEGATION_INFO (MS-PAC 2.9): which services got it, one for another. */
  delegationInfo: 11,
  upnDnsInfo: 12,
} as const

const HEADER_BYTES = 8
const ENTRY_BYTES = 16

/** AD sends some ten. */
const MAX_BUFFERS = 64

/** Buffers by type, as views. */
export type Pac = ReadonlyMap<number, Buffer>

/** Nothing is verified yet. Throws `malformed`, also where a type comes twice or buffers overlap. */
export function readPac(octets: Buffer): Pac {
  if (octets.length < HEADER_BYTES) throw malformed('PAC too short')
  const count = octets.readUInt32LE(0)
  if (octets.readUInt32LE(4) !== 0) throw malformed('version of a PAC')
  const headerEnd = HEADER_BYTES + count * ENTRY_BYTES
  if (count > MAX_BUFFERS || headerEnd > octets.length) throw malformed('number of buffers in a PAC')
  const buffers = new Map<number, Buffer>()
  const taken: { readonly start: number; readonly end: number }[] = []
  for (let at = HEADER_BYTES; at < headerEnd; at += ENTRY_BYTES) {
    const type = octets.readUInt32LE(at)
    const size = octets.readUInt32LE(at + 4)
    const start = octets.readUInt32LE(at + 8)
    const end = start + size
    const fits = octets.readUInt32LE(at + 12) === 0 && start % 8 === 0 && start >= headerEnd && end <= octets.length
    if (!fits || buffers.has(type)) throw malformed('buffer of a PAC')
    if (taken.some(other => start < other.end && other.start < end)) throw malformed('buffers of a PAC overlap')
    taken.push({ start, end })
    buffers.set(type, octets.subarray(start, end))
  }
  return buffers
}

/** What a PAC names of the ticket it belongs to. */
export type PacOwner = Pick<OpenedTicket, 'client' | 'authTimeMs'>

/**
 * Verifies that the PAC was signed with the service's key, and is about the client of the ticket it came in (MS-PAC
 * 2.8, MS-KILE 3.4.5.1). Throws `integrity`. The KDC's own signature cannot be verified here: the key is the KDC's.
 */
export function verifyPac(octets: Buffer, pac: Pac, ticket: PacOwner, key: EncryptionKey): void {
  const { checksumType, macBytes } = key.enctype
  const signature = pac.get(PAC_BUFFER.serverSignature)
  if (signature === undefined || signature.length < 4 + macBytes || signature.readInt32LE(0) !== checksumType) {
    throw new Krb5Error('integrity', 'PAC without a server signature that fits')
  }
  const found = Buffer.from(signature.subarray(4, 4 + macBytes))
  key.verifyChecksum(KEY_USAGE.pac, found, withoutSignatures(octets, pac))
  verifyClientInfo(pac.get(PAC_BUFFER.clientInfo), ticket)
}

// MS-PAC 2.8.1: signed is what stands there before both signatures are filled in.
function withoutSignatures(octets: Buffer, pac: Pac): Buffer {
  const unsigned = Buffer.from(octets)
  for (const type of [PAC_BUFFER.serverSignature, PAC_BUFFER.kdcSignature]) {
    const buffer = pac.get(type)
    if (buffer === undefined) continue
    const start = buffer.byteOffset - octets.byteOffset
    unsigned.fill(0, start + Math.min(4, buffer.length), start + buffer.length)
  }
  return unsigned
}

/** From 1601 to 1970, in seconds. */
const FILETIME_EPOCH_S = 11_644_473_600

// PAC_CLIENT_INFO (MS-PAC 2.7): a PAC must not be moved from one ticket to another.
function verifyClientInfo(info: Buffer | undefined, { client, authTimeMs }: PacOwner): void {
  if (info === undefined || info.length < 10 || info.readUInt16LE(8) > info.length - 10) {
    throw new Krb5Error('integrity', 'PAC without the name of its client')
  }
  const name = info.subarray(10, 10 + info.readUInt16LE(8)).toString('utf16le')
  const authTimeS = Number(info.readBigUInt64LE(0) / 10_000_000n) - FILETIME_EPOCH_S
  if (name !== client.components.join('/') || authTimeS * 1000 !== authTimeMs) {
    throw new Krb5Error('integrity', 'PAC of another client or ticket')
  }
}
