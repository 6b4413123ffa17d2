import { DerReader, UNIVERSAL } from './der-reader.ts'
import type { KdcError } from './kdc-error.ts'
import { readPaData } from './kdc-reply.ts'
import { PA, type PaData } from './kdc-request.ts'
import { Krb5Error } from './krb5-error.ts'

// What Windows means by an error of RFC 4120 that it has for several things (MS-KILE 2.2.1, 2.2.2): a number of MS-ERREF
// 2.3, in the data of the error. Like the rest of it nothing authenticates that: it tells refusals apart, and no more.

/** Those that name what is wrong with an account. */
export const NT_STATUS = {
  accountRestriction: 0xc000_006e,
  invalidLogonHours: 0xc000_006f,
  invalidWorkstation: 0xc000_0070,
  passwordExpired: 0xc000_0071,
  accountDisabled: 0xc000_0072,
  accountExpired: 0xc000_0193,
  passwordMustChange: 0xc000_0224,
  accountLockedOut: 0xc000_0234,
} as const

const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(NT_STATUS).map(([name, number]) => [number, name]))

/** Status, and eight octets that say nothing (KERB_EXT_ERROR). */
const EXTENDED_ERROR_BYTES = 12

/**
 * Undefined if there is none. Active Directory sends one element as the data, Samba a list of them, and other KDCs
 * data that is no status.
 */
export function statusIn({ data }: KdcError): number | undefined {
  if (data === undefined) return undefined
  try {
    const outer = DerReader.only(data, UNIVERSAL.sequence)
    return statusAmong(outer.tag === UNIVERSAL.sequence ? readPaData(outer) : [readElement(outer)])
  } catch (error) {
    if (error instanceof Krb5Error) return undefined
    throw error
  }
}

function readElement(fields: DerReader): PaData {
  const element = { type: fields.integer(1), value: fields.octets(2) }
  fields.finish()
  return element
}

function statusAmong(elements: readonly PaData[]): number | undefined {
  const value = elements.find(({ type }) => type === PA.extendedError)?.value
  return value?.length === EXTENDED_ERROR_BYTES ? value.readUInt32LE() : undefined
}

/** `NTSTATUS C0000234 (accountLockedOut)` */
export function statusText(status: number): string {
  const name = NAMES.get(status)
  const number = status.toString(16).toUpperCase().padStart(8, '0')
  return `NTSTATUS ${number}${name === undefined ? '' : ` (${name})`}`
}
