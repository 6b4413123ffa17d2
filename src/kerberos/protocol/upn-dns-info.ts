import { malformed } from './krb5-error.ts'

/** UPN_DNS_INFO (MS-PAC 2.10): the names of the account as the directory spells them. */
export interface UpnDnsInfo {
  readonly upn: string
  readonly dnsDomain: string
  /** sAMAccountName; only newer directories send it. */
  readonly samName: string | undefined
}

/** The buffer is longer, with a SAM name and a SID. */
const EXTENDED = 2

/** Throws `malformed`. */
export function readUpnDnsInfo(octets: Buffer): UpnDnsInfo {
  if (octets.length < 12) throw malformed('UPN_DNS_INFO too short')
  const isExtended = (octets.readUInt32LE(8) & EXTENDED) !== 0
  if (isExtended && octets.length < 20) throw malformed('UPN_DNS_INFO too short')
  const text = (at: number): string => {
    const length = octets.readUInt16LE(at)
    const offset = octets.readUInt16LE(at + 2)
    if (length % 2 !== 0 || offset + length > octets.length) throw malformed('name in UPN_DNS_INFO')
    return octets.subarray(offset, offset + length).toString('utf16le')
  }
  return { upn: text(0), dnsDomain: text(4), samName: isExtended ? text(12) : undefined }
}
