// The little of DER (X.690 8, 10.1) that Negotiate tokens, archives of keys and CRLs need: definite lengths, one-octet tags.

export type Element = {
  readonly tag: number
  /** Contents octets; a view, not a copy. */
  readonly contents: Buffer
  /** Offset after the element, in the buffer that was read. */
  readonly next: number
}

/** DER tags by X.690 8.1.2 and the APPLICATION/context tags of RFC 2743 3.1, RFC 4120 5.5.1 and RFC 4178 4.2. */
export const tags = {
  octetString: 0x04,
  objectIdentifier: 0x06,
  sequence: 0x30,
  initialContextToken: 0x60,
  apReq: 0x6e,
  context0: 0xa0,
  context1: 0xa1,
  context2: 0xa2,
} as const

/** Reads one element; undefined where the octets are no well-formed element that lies wholly within the buffer. */
export function readElement(buffer: Buffer, offset = 0): Element | undefined {
  const tag = buffer[offset]
  const first = buffer[offset + 1]
  // 0x1f in the low bits announces a tag of several octets, 0x80 an indefinite length: neither occurs in these tokens.
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f || first === 0x80) return undefined
  const lengthOctets = first < 0x80 ? 0 : first & 0x7f
  if (lengthOctets > 4 || offset + 2 + lengthOctets > buffer.length) return undefined
  const start = offset + 2 + lengthOctets
  const length = lengthOctets === 0 ? first : buffer.readUIntBE(offset + 2, lengthOctets)
  const next = start + length
  if (next > buffer.length) return undefined
  return { tag, contents: buffer.subarray(start, next), next }
}

/** Reads one element if it has that tag. */
export function readTagged(buffer: Buffer, tag: number, offset = 0): Element | undefined {
  const element = readElement(buffer, offset)
  return element?.tag === tag ? element : undefined
}

/** Reads elements to the end of the buffer; undefined where one of them is malformed, or there are more than `most`. */
export function readAll(buffer: Buffer, most = Number.POSITIVE_INFINITY): Element[] | undefined {
  const elements: Element[] = []
  for (let offset = 0; offset < buffer.length; ) {
    const element = elements.length === most ? undefined : readElement(buffer, offset)
    if (element === undefined) return undefined
    elements.push(element)
    offset = element.next
  }
  return elements
}

/** Writes one element with the shortest length form (X.690 10.1). */
export function writeElement(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  return writeElementBefore(0, tag, ...contents)
}

/** The same for an element whose last `rest` octets stand elsewhere: all but those. */
export function writeElementBefore(rest: number, tag: number, ...contents: readonly Uint8Array[]): Buffer {
  let inner = 0
  for (const part of contents) inner += part.length
  const length = inner + rest
  const count = lengthOctets(length)
  const element = Buffer.allocUnsafe(2 + count + inner)
  element[0] = tag
  element[1] = count === 0 ? length : 0x80 | count
  if (count > 0) element.writeUIntBE(length, 2, count)
  let at = 2 + count
  for (const part of contents) {
    element.set(part, at)
    at += part.length
  }
  return element
}

/** How many octets follow the first one of a length. */
function lengthOctets(length: number): number {
  if (length < 0x80) return 0
  let count = 1
  while (length >= 2 ** (8 * count)) count++
  return count
}
