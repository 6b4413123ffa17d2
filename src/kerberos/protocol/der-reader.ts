import { malformed } from './krb5-error.ts'

// Strict DER (X.690 10): definite lengths in their shortest form, tags of one octet, nothing after the last element. A
// reader is a place in octets that are never copied; each octet is looked at once for each level it is nested in, and
// levels are those of the message.

/** Universal tags (X.690 8). */
export const UNIVERSAL = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  generalizedTime: 0x18,
  generalString: 0x1b,
  sequence: 0x30,
} as const

/** [APPLICATION n], constructed. */
export const application = (number: number): number => 0x60 | number

/** [n] EXPLICIT. */
export const context = (number: number): number => 0xa0 | number

/** All reading methods throw `malformed` if they find another element. `number` is that of a field [n], EXPLICIT. */
export class DerReader {
  readonly #octets: Buffer
  #at: number
  readonly #end: number

  constructor(octets: Buffer, start = 0, end = octets.length) {
    this.#octets = octets
    this.#at = start
    this.#end = end
  }

  /** Opens octets that hold one element and nothing else, and enters it. */
  static only(octets: Buffer, ...tags: readonly number[]): DerReader {
    const reader = new DerReader(octets)
    let inner = reader
    for (const tag of tags) {
      const outer = inner
      inner = outer.enter(tag)
      outer.finish()
    }
    return inner
  }

  get done(): boolean {
    return this.#at === this.#end
  }

  /** The tag of the next element; -1 at the end. */
  get tag(): number {
    return this.done ? -1 : (this.#octets[this.#at] ?? -1)
  }

  /** What has not been read, as a view. */
  rest(): Buffer {
    return this.#octets.subarray(this.#at, this.#end)
  }

  /** What has not been read, as text. */
  text(): string {
    return this.#octets.toString('utf8', this.#at, this.#end)
  }

  /** Throws unless all was read. */
  finish(): void {
    if (!this.done) throw malformed('trailing octets')
  }

  /** Passes over one element with this tag and answers a reader of its contents. */
  enter(tag: number): DerReader {
    const start = this.#header(tag)
    return new DerReader(this.#octets, start, this.#at)
  }

  /** The whole next element, tag and length included, as a view. */
  element(): Buffer {
    const start = this.#at
    this.#header(this.tag)
    return this.#octets.subarray(start, this.#at)
  }

  /** The contents of the field [n], of which the tag of the element is known. */
  field(number: number, tag: number): DerReader {
    const outer = this.enter(context(number))
    const inner = outer.enter(tag)
    outer.finish()
    return inner
  }

  has(number: number): boolean {
    return this.tag === context(number)
  }

  /** Reads a field that may be absent. */
  optional<T>(number: number, read: (reader: this, number: number) => T): T | undefined {
    return this.has(number) ? read(this, number) : undefined
  }

  /** INTEGER of 40 bits at most: UInt32 and Int32 (RFC 4120 5.2.4). */
  integer(number: number): number {
    return this.field(number, UNIVERSAL.integer).#integerContents()
  }

  /** UInt32 (RFC 4120 5.2.4); a sender that writes it as negative number means the same 32 bits. */
  uint32(number: number): number {
    return this.integer(number) >>> 0
  }

  /** OCTET STRING, as a view. */
  octets(number: number): Buffer {
    return this.field(number, UNIVERSAL.octetString).rest()
  }

  /** KerberosString (RFC 4120 5.2.1), whatever the octets: what they mean is judged where they are used. */
  string(number: number): string {
    return this.field(number, UNIVERSAL.generalString).text()
  }

  /** KerberosTime (RFC 4120 5.2.3) in milliseconds since the epoch. */
  time(number: number): number {
    const contents = this.field(number, UNIVERSAL.generalizedTime)
    return timeOf(contents.#octets, contents.#at, contents.#end)
  }

  /** KerberosFlags (RFC 4120 5.2.8): the first 32 bits, bit 0 as the most significant. */
  flags(number: number): number {
    const bits = this.field(number, UNIVERSAL.bitString).rest()
    const unused = bits[0]
    if (unused === undefined || unused > 7 || (unused > 0 && bits.length === 1)) throw malformed('bit string')
    let flags = 0
    for (let index = 1; index <= 4; index++) flags = (flags << 8) | (bits[index] ?? 0)
    return flags >>> 0
  }

  /** Reads the elements of a SEQUENCE OF to its end; throws `malformed` if there are more than `limit`. */
  each<T>(limit: number, read: (reader: this) => T): T[] {
    const found: T[] = []
    while (!this.done) {
      if (found.length === limit) throw malformed('too many elements')
      found.push(read(this))
    }
    return found
  }

  // Returns the start of the contents, and moves to their end.
  #header(tag: number): number {
    const octets = this.#octets
    const first = octets[this.#at + 1]
    if (this.tag !== tag || first === undefined || (tag & 0x1f) === 0x1f || this.#at + 2 > this.#end) {
      throw malformed('tag')
    }
    let start = this.#at + 2
    let length = first
    if (first >= 0x80) {
      // 0x80 announces an indefinite length; no message of ours has more than 2^24 octets.
      const count = first & 0x7f
      if (count === 0 || count > 3 || start + count > this.#end) throw malformed('length')
      length = octets.readUIntBE(start, count)
      if (length < 0x80 || length < 2 ** (8 * (count - 1))) throw malformed('length is not the shortest')
      start += count
    }
    if (length > this.#end - start) throw malformed('length')
    this.#at = start + length
    return start
  }

  #integerContents(): number {
    const length = this.#end - this.#at
    const first = this.#octets[this.#at] ?? 0
    const second = this.#octets[this.#at + 1] ?? 0
    if (length < 1 || length > 5) throw malformed('integer')
    if (length > 1 && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))) {
      throw malformed('integer is not the shortest')
    }
    return this.#octets.readIntBE(this.#at, length)
  }
}

function timeOf(octets: Buffer, at: number, end: number): number {
  if (end - at !== 15 || octets[at + 14] !== Z) throw malformed('time')
  const year = decimal(octets, at, 4)
  const month = decimal(octets, at + 4, 2)
  const day = decimal(octets, at + 6, 2)
  const hour = decimal(octets, at + 8, 2)
  const minute = decimal(octets, at + 10, 2)
  const second = decimal(octets, at + 12, 2)
  const ms = Date.UTC(year, month - 1, day, hour, minute, second)
  // A thirtieth of February would be read as a day in March, the year 70 as 1970.
  const date = new Date(ms)
  const isSame = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  if (!isSame || hour > 23 || minute > 59 || second > 59) throw malformed('time')
  return ms
}

const Z = 0x5a
const ZERO = 0x30

function decimal(octets: Buffer, start: number, digits: number): number {
  let value = 0
  for (let at = start; at < start + digits; at++) {
    const digit = (octets[at] ?? 0) - ZERO
    if (digit < 0 || digit > 9) throw malformed('time')
    value = value * 10 + digit
  }
  return value
}

/** KerberosTime of a moment: whole seconds. Many messages of one second say the same. */
export function writeTime(ms: number): string {
  const second = Math.floor(ms / 1000)
  if (second !== lastTime.second) {
    const text = `${new Date(second * 1000).toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}Z`
    lastTime = { second, text }
  }
  return lastTime.text
}

let lastTime = { second: Number.NaN, text: '' }
