import { malformed } from './krb5-error.ts'

/**
 * Reads NDR (C706 14) as MS-PAC uses it: little-endian, aligned to its own size, pointers first and what they point at
 * behind.
 */
export class NdrReader {
  readonly #octets: Buffer
  #at = 0

  constructor(octets: Buffer) {
    this.#octets = octets
  }

  skip(size: number): void {
    this.#take(size)
  }

  uint8(): number {
    return this.#take(1).readUInt8()
  }

  uint16(): number {
    this.#align(2)
    return this.#take(2).readUInt16LE()
  }

  uint32(): number {
    this.#align(4)
    return this.#take(4).readUInt32LE()
  }

  octets(size: number): Buffer {
    return this.#take(size)
  }

  /** A count of elements that are at least that large: never more than what is left can hold. */
  count(elementBytes: number): number {
    const count = this.uint32()
    if (count * elementBytes > this.#octets.length - this.#at) throw malformed('NDR count')
    return count
  }

  #align(size: number): void {
    const over = this.#at % size
    if (over > 0) this.skip(size - over)
  }

  #take(size: number): Buffer {
    if (size > this.#octets.length - this.#at) throw malformed('NDR ends early')
    this.#at += size
    return this.#octets.subarray(this.#at - size, this.#at)
  }
}
