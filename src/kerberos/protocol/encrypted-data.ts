import { type DerReader, UNIVERSAL } from './der-reader.ts'
import { field, integer, octetString, sequence } from './der-writer.ts'
import { EncryptionKey } from './encryption-key.ts'

/** EncryptedData (RFC 4120 5.2.9). */
export interface EncryptedData {
  readonly etype: number
  readonly kvno: number | undefined
  /** A view. */
  readonly cipher: Buffer
}

/** EncryptedData as the field [n]. Throws `malformed`. */
export function readEncryptedData(reader: DerReader, number: number): EncryptedData {
  const data = reader.field(number, UNIVERSAL.sequence)
  const etype = data.integer(0)
  const kvno = data.optional(1, (at, tag) => at.uint32(tag))
  const cipher = data.octets(2)
  data.finish()
  return { etype, kvno, cipher }
}

/** `kvno`: version of the key in its keytab; none where the key is of a session. */
export function writeEncryptedData(etype: number, cipher: Buffer, kvno?: number): Buffer {
  return sequence(
    field(0, integer(etype)),
    field(1, kvno === undefined ? undefined : integer(kvno)),
    field(2, octetString(cipher)),
  )
}

/**
 * EncryptionKey (RFC 4120 5.2.9) as the field [n]; the caller disposes of it. Throws `malformed`, and
 * `enctype-unsupported` for what is not AES.
 */
export function readEncryptionKey(reader: DerReader, number: number): EncryptionKey {
  const key = reader.field(number, UNIVERSAL.sequence)
  const type = key.integer(0)
  const value = key.octets(1)
  key.finish()
  return new EncryptionKey(type, value)
}

export function writeEncryptionKey(key: EncryptionKey): Buffer {
  return sequence(field(0, integer(key.enctype.number)), field(1, key.read(octetString)))
}

/** Checksum (RFC 4120 5.2.9). */
export interface Checksum {
  readonly type: number
  readonly octets: Buffer
}

/** Checksum as the field [n], its octets as a view. Throws `malformed`. */
export function readChecksum(reader: DerReader, number: number): Checksum {
  const checksum = reader.field(number, UNIVERSAL.sequence)
  const type = checksum.integer(0)
  const octets = checksum.octets(1)
  checksum.finish()
  return { type, octets }
}

export function writeChecksum(type: number, octets: Buffer): Buffer {
  return sequence(field(0, integer(type)), field(1, octetString(octets)))
}
