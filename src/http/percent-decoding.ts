/**
 * The ways in which servers take percent-encoding off, each once over the whole text: bytes as UTF-8, as Latin-1, as
 * UTF-8 by a decoder that takes overlong forms (RFC 3629 10), and the `%uNNNN` of IIS. What is no escape stays as it
 * is.
 */
type Decode = (text: string) => string

const ESCAPE = /%(?:u([0-9a-f]{4})|([0-9a-f]{2}))/gi

/** A byte or a UTF-16 unit for each escape. */
export const decodeUnits: Decode = text =>
  text.replace(ESCAPE, (_, unit: string | undefined, byte: string | undefined) =>
    String.fromCharCode(Number.parseInt(unit ?? byte ?? '', 16)),
  )

// Well-formed sequences (RFC 3629 4) among characters that stand for bytes.
const SEQUENCE =
  /[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xef][\x80-\xbf]{2}|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}/g
// The same characters, longer than they need to be; of two bytes, also with a second one that is no continuation (IIS 4
// and 5).
const OVERLONG =
  /[\xc0\xc1][\x00-\xff]|\xe0[\x80-\x9f][\x80-\xbf]|\xf0[\x80-\x8f][\x80-\xbf]{2}|\xf8[\x80-\x87][\x80-\xbf]{3}|\xfc[\x80-\x83][\x80-\xbf]{4}/g

const NOT_ASCII = /[\x80-\xff]/

const fromBytes = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8')

function fromOverlong(sequence: string): string {
  let code = sequence.length === 2 ? sequence.charCodeAt(0) & 0x1f : 0
  for (let index = 1; index < sequence.length; index++) code = code * 64 + (sequence.charCodeAt(index) & 0x3f)
  return String.fromCharCode(code & 0xffff)
}

const decodeUtf8: Decode = text => utf8Of(decodeUnits(text))
const utf8Of: Decode = bytes => (NOT_ASCII.test(bytes) ? bytes.replace(SEQUENCE, fromBytes) : bytes)
const decodeOverlong: Decode = text => utf8Of(decodeUnits(text).replace(OVERLONG, fromOverlong))

/** Those that keep an encoded slash or backslash in its segment. */
const decodeAroundSlashes: Decode = text => decodeUtf8(text.replace(/%(?=2f|5c)/gi, '%25'))

/** Only what needs no encoding (RFC 3986 6.2.2.2). */
const decodeUnreserved: Decode = text =>
  text.replace(/%([0-9a-f]{2})/gi, (written, byte: string) => {
    const character = String.fromCharCode(Number.parseInt(byte, 16))
    return /[A-Za-z0-9._~-]/.test(character) ? character : written
  })

export const DECODERS: readonly Decode[] = [
  decodeUtf8,
  decodeUnits,
  decodeOverlong,
  decodeAroundSlashes,
  decodeUnreserved,
]

/** Every escape taken off, until none is left: for names and values, where one reading more harms nobody. */
export function decodeWholly(text: string): string {
  let decoded = text
  for (let round = 0; round < 3 && decoded.includes('%'); round++) decoded = decodeUtf8(decoded)
  return decoded
}
