import { writeElement } from '../../asn1/der.ts'
import { application, context, UNIVERSAL, writeTime } from './der-reader.ts'

// Each function writes one element; `undefined` among the parts is a field that is absent.

type Part = Buffer | undefined

const present = (parts: readonly Part[]): Buffer[] => parts.filter(part => part !== undefined)

export const sequence = (...parts: readonly Part[]): Buffer => writeElement(UNIVERSAL.sequence, ...present(parts))

/** [APPLICATION n] SEQUENCE, the frame of each message. */
export const message = (number: number, ...parts: readonly Part[]): Buffer =>
  writeElement(application(number), sequence(...parts))

/** [n] EXPLICIT; omitted if the part is. */
export const field = (number: number, part: Part): Part =>
  part === undefined ? undefined : writeElement(context(number), part)

/** INTEGER of 48 bits at most. */
export function integer(value: number): Buffer {
  // The sign bit has to fit, too.
  let count = 1
  while (value < -(2 ** (8 * count - 1)) || value >= 2 ** (8 * count - 1)) count++
  const octets = Buffer.allocUnsafe(count)
  octets.writeIntBE(value, 0, count)
  return writeElement(UNIVERSAL.integer, octets)
}

export const octetString = (octets: Uint8Array): Buffer => writeElement(UNIVERSAL.octetString, octets)

/** KerberosString (RFC 4120 5.2.1). */
export const generalString = (text: string): Buffer => writeElement(UNIVERSAL.generalString, Buffer.from(text, 'utf8'))

/** KerberosTime (RFC 4120 5.2.3). */
export const time = (ms: number): Buffer =>
  writeElement(UNIVERSAL.generalizedTime, Buffer.from(writeTime(ms), 'latin1'))

/** KerberosFlags: 32 bits. */
export function flags(bits: number): Buffer {
  const octets = Buffer.alloc(5)
  octets.writeUInt32BE(bits >>> 0, 1)
  return writeElement(UNIVERSAL.bitString, octets)
}
