/**
 * The ways in which servers decode percent-encoding, each applied once to the whole text: bytes as UTF-8, as Latin-1,
 * as UTF-8 with a decoder that accepts overlong forms (RFC 3629 10), and the `%uNNNN` of IIS. Anything that is not an
 * escape is left as it is.
 */
type Decode = (text: string) => string

const ESCAPE = /%(?:u[0-9a-f]{4}|[0-9a-f]{2})/gi

/** A byte or a UTF-16 unit for each escape. */
export const decodeUnits: Decode = text => text.replace(ESCAPE, unitOf)

/** All 256 bytes, by two hexadecimal digits in either case. */
const BYTES = new Map<string, string>()
for (let byte = 0; byte < 256; byte++) {
  const [high = '', low = ''] = byte.toString(16).padStart(2, '0')
  for (const first of [high, high.toUpperCase()])
    for (const second of [low, low.toUpperCase()]) BYTES.set(`%${first}${second}`, String.fromCharCode(byte))
}

const unitOf = (written: string) => BYTES.get(written) ?? String.fromCharCode(Number.parseInt(written.slice(2), 16))

// Well-formed sequences (RFC 3629 4) among characters that stand for bytes.
const SEQUENCE =
  /[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}/g
// The same characters, longer than they need to be; of two bytes, also with a second one that is no continuation (IIS 4
// and 5).
const OVERLONG =
  /[\xc0\xc1][\x00-\xff]|\xe0[\x80-\x9f][\x80-\xbf]|\xf0[\x80-\x8f][\x80-\xbf]{2}|\xf8[\x80-\x87][\x80-\xbf]{3}|\xfc[\x80-\x83][\x80-\xbf]{4}/g

const NOT_ASCII = /[\x80-\xff]/
const SLASHES = /%(?=2f|5c)/gi
/** Escapes of letters, digits and `-._~`. */
const UNRESERVED = /%(?:2[de]|3\d|[46][1-9a-f]|[57][\da]|5f|7e)/gi

function fromSequence(sequence: string): string {
  let code = sequence.charCodeAt(0) & (0xff >> (sequence.length + 1))
  for (let index = 1; index < sequence.length; index++) code = code * 64 + (sequence.charCodeAt(index) & 0x3f)
  return String.fromCodePoint(code)
}

function fromOverlong(sequence: string): string {
  let code = sequence.length === 2 ? sequence.charCodeAt(0) & 0x1f : 0
  for (let index = 1; index < sequence.length; index++) code = code * 64 + (sequence.charCodeAt(index) & 0x3f)
  return String.fromCharCode(code & 0xffff)
}

const utf8Of: Decode = bytes => (NOT_ASCII.test(bytes) ? bytes.replace(SEQUENCE, fromSequence) : bytes)
const decodeUtf8: Decode = text => utf8Of(decodeUnits(text))

/** What servers make of a text with escapes, once each: some of it may be the same. */
export function decodings(text: string): string[] {
  const units = decodeUnits(text)
  const all = NOT_ASCII.test(units) ? [utf8Of(units), units, utf8Of(units.replace(OVERLONG, fromOverlong))] : [units]
  // Those that keep an encoded slash or backslash in its segment.
  const around = text.replace(SLASHES, '%25')
  if (around !== text) all.push(decodeUtf8(around))
  // Only what needs no encoding (RFC 3986 6.2.2.2).
  all.push(text.replace(UNRESERVED, unitOf))
  return all
}

/** Decodes until no escape is left, at most three times: for names and values, where one more reading is harmless. */
export function decodeWholly(text: string): string {
  let decoded = text
  for (let round = 0; round < 3 && decoded.includes('%'); round++) {
    const next = decodeUtf8(decoded)
    if (next === decoded) return decoded
    decoded = next
  }
  return decoded
}
