import { EncryptionKey } from './encryption-key.ts'
import { isEnctype } from './enctype.ts'
import { malformed } from './krb5-error.ts'
import type { PrincipalName } from './principal-name.ts'

export interface KeytabEntry {
  readonly realm: string
  readonly name: PrincipalName
  readonly kvno: number
  readonly key: EncryptionKey
}

export interface Keytab {
  /** Newest key first, the strongest type first within. */
  readonly entries: readonly KeytabEntry[]
  /** Entries that were left out: RC4, DES, or a key whose length does not fit its type. */
  readonly skipped: number
}

/** The only version MIT and Heimdal still write: integers are big-endian. */
const VERSION = 0x0502

/** A keytab of a few thousand services is below 1 MB. */
export const MAX_KEYTAB_BYTES = 16 * 1024 * 1024

/**
 * Reads a keytab of MIT's format. Entries follow each other behind their signed 32-bit length; a negative one is a hole
 * that big, zero is the end. What cannot be an entry ends the reading with an error: half a keytab is one that is being
 * written.
 */
export function readKeytab(octets: Buffer): Keytab {
  if (octets.length < 2 || octets.readUInt16BE(0) !== VERSION) throw malformed('not a keytab of version 0x0502')
  const entries: KeytabEntry[] = []
  let skipped = 0
  for (let offset = 2; offset + 4 <= octets.length; ) {
    const size = octets.readInt32BE(offset)
    offset += 4
    if (size === 0) break
    const length = Math.abs(size)
    if (length > octets.length - offset) throw malformed('an entry of a keytab goes past its end')
    if (size > 0) {
      const entry = readEntry(new Cursor(octets.subarray(offset, offset + length)))
      if (entry === undefined) skipped++
      else entries.push(entry)
    }
    offset += length
  }
  entries.sort((a, b) => b.kvno - a.kvno || b.key.enctype.number - a.key.enctype.number)
  return { entries, skipped }
}

function readEntry(cursor: Cursor): KeytabEntry | undefined {
  const count = cursor.uint16()
  const realm = cursor.counted().toString('utf8')
  const components: string[] = []
  for (let index = 0; index < count; index++) components.push(cursor.counted().toString('utf8'))
  const type = cursor.uint32()
  cursor.uint32() // when it was written
  const shortKvno = cursor.uint8()
  const enctype = cursor.uint16()
  const octets = cursor.counted()
  // A newer writer adds the whole number behind; zero there is padding of a hole that was filled again.
  const kvno = (cursor.left >= 4 ? cursor.uint32() : 0) || shortKvno
  try {
    if (!isEnctype(enctype)) return undefined
    return { realm, name: { type, components }, kvno, key: new EncryptionKey(enctype, octets) }
  } catch {
    return undefined
  }
}

class Cursor {
  readonly #octets: Buffer
  #at = 0

  constructor(octets: Buffer) {
    this.#octets = octets
  }

  get left(): number {
    return this.#octets.length - this.#at
  }

  uint8(): number {
    return this.#take(1).readUInt8()
  }

  uint16(): number {
    return this.#take(2).readUInt16BE()
  }

  uint32(): number {
    return this.#take(4).readUInt32BE()
  }

  counted(): Buffer {
    return this.#take(this.uint16())
  }

  #take(size: number): Buffer {
    if (size > this.left) throw malformed('an entry of a keytab is too short')
    this.#at += size
    return this.#octets.subarray(this.#at - size, this.#at)
  }
}
