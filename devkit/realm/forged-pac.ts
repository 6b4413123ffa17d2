/** PACs as only a KDC could make them, with any buffer as a test wants it (MS-PAC 2.3 to 2.8). */
import { sequence } from '../../src/kerberos/protocol/der-writer.ts'
import { type EncryptionKey, KEY_USAGE } from '../../src/kerberos/protocol/encryption-key.ts'
import { PAC_BUFFER, readPac } from '../../src/kerberos/protocol/pac.ts'
import { authorization } from './forged-token.ts'

export type PacBuffer = readonly [type: number, octets: Buffer]

const HEADER_BYTES = 8
const ENTRY_BYTES = 16
const toEight = (length: number) => Math.ceil(length / 8) * 8

/** Buffers in this order, each at a multiple of eight. */
export function writePac(buffers: readonly PacBuffer[]): Buffer {
  const header = Buffer.alloc(HEADER_BYTES + buffers.length * ENTRY_BYTES)
  header.writeUInt32LE(buffers.length, 0)
  let at = header.length
  const bodies = buffers.map(([type, octets], index) => {
    const entry = HEADER_BYTES + index * ENTRY_BYTES
    header.writeUInt32LE(type, entry)
    header.writeUInt32LE(octets.length, entry + 4)
    header.writeUInt32LE(at, entry + 8)
    const body = Buffer.alloc(toEight(octets.length))
    body.set(octets)
    at += body.length
    return body
  })
  return Buffer.concat([header, ...bodies])
}

/** An empty signature for a key of that type to fill in. */
export function emptySignature({ enctype }: EncryptionKey): Buffer {
  const signature = Buffer.alloc(4 + enctype.macBytes)
  signature.writeInt32LE(enctype.checksumType)
  return signature
}

/** PAC_CLIENT_INFO (MS-PAC 2.7). */
export function clientInfo(name: string, authTimeMs: number): Buffer {
  const text = Buffer.from(name, 'utf16le')
  const info = Buffer.alloc(10)
  info.writeBigUInt64LE((BigInt(authTimeMs) + 11_644_473_600_000n) * 10_000n)
  info.writeUInt16LE(text.length, 8)
  return Buffer.concat([info, text])
}

/** Fills in the server's signature in place, where there is room for one (MS-PAC 2.8.1). */
export function signPac(pac: Buffer, key: EncryptionKey): Buffer {
  const buffers = readPac(pac)
  for (const type of [PAC_BUFFER.serverSignature, PAC_BUFFER.kdcSignature]) buffers.get(type)?.fill(0, 4)
  const signature = buffers.get(PAC_BUFFER.serverSignature)
  key.checksum(KEY_USAGE.pac, pac).copy(signature ?? Buffer.alloc(0), 4)
  return pac
}

/** A PAC that this key signed, for the client of a ticket; buffers as a test wants them, beside those that each has. */
export function forgedPac(
  key: EncryptionKey,
  of: { readonly name: string; readonly authTimeMs: number; readonly buffers: readonly PacBuffer[] },
): Buffer {
  const pac = writePac([
    [PAC_BUFFER.clientInfo, clientInfo(of.name, of.authTimeMs)],
    ...of.buffers,
    [PAC_BUFFER.serverSignature, emptySignature(key)],
    [PAC_BUFFER.kdcSignature, emptySignature(key)],
  ])
  return signPac(pac, key)
}

/** For a forged ticket (`Forgery`). */
export const carrying = (...pacs: readonly Buffer[]): { readonly authorizationData: Buffer } => ({
  authorizationData: sequence(authorization(1, sequence(...pacs.map(octets => authorization(128, octets))))),
})
