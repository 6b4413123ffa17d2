import { application, DerReader, UNIVERSAL } from './der-reader.ts'
import { malformed } from './krb5-error.ts'

const KRB_ERROR = 30

/** Error codes that are acted on (RFC 4120 7.5.9). */
export const KDC_ERROR = {
  clientRevoked: 18,
  passwordExpired: 23,
  preauthenticationFailed: 24,
  preauthenticationRequired: 25,
  serviceUnavailable: 29,
  skew: 37,
  generic: 60,
} as const

/** KRB-ERROR (RFC 4120 5.9.1). It is not authenticated: anybody on the network path may have written it. */
export interface KdcError {
  readonly code: number
  readonly data: Buffer | undefined
}

/** By the tag of the message alone. */
export const isKdcError = (octets: Buffer): boolean => octets[0] === application(KRB_ERROR)

/** `data` is a view of the octets. Throws `malformed`. */
export function readKdcError(octets: Buffer): KdcError {
  const fields = DerReader.only(octets, application(KRB_ERROR), UNIVERSAL.sequence)
  if (fields.integer(0) !== 5 || fields.integer(1) !== KRB_ERROR) throw malformed('version or type of an error')
  fields.optional(2, (reader, number) => reader.time(number))
  fields.optional(3, (reader, number) => reader.integer(number))
  fields.time(4)
  fields.integer(5)
  const code = fields.integer(6)
  fields.optional(7, (reader, number) => reader.string(number))
  // Names are not read: nothing comes of them, and Heimdal sends some without components.
  fields.optional(8, (reader, number) => reader.field(number, UNIVERSAL.sequence))
  fields.string(9)
  fields.field(10, UNIVERSAL.sequence)
  fields.optional(11, (reader, number) => reader.string(number))
  const data = fields.optional(12, (reader, number) => reader.octets(number))
  fields.finish()
  return { code, data }
}
