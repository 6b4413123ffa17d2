import { malformed } from './krb5-error.ts'
import { NdrReader } from './ndr-reader.ts'
import { readSid } from './sid.ts'

/** KERB_VALIDATION_INFO (MS-PAC 2.5): what of it says who this is. */
export interface LogonInfo {
  /** sAMAccountName, in the directory's own spelling. */
  readonly accountName: string
  /** NetBIOS name of its domain. */
  readonly domain: string
  readonly userSid: string
  /** What the account may and may not (UserAccountControl), when the KDC made the PAC: bits of `ACCOUNT_CONTROL` and others. */
  readonly accountControl: number
  /** Of the domain, of others, and of resources, in that order. */
  readonly groupSids: readonly string[]
}

/** Bits of an account's control that are read (MS-SAMR 2.2.1.12): numbers of their own, not those of the attribute in LDAP. */
export const ACCOUNT_CONTROL = { disabled: 0x1, trust: 0x40, locked: 0x400, notDelegated: 0x4000 } as const

/** Pointers of the fixed part, zero where there is nothing behind it. */
interface Fixed {
  readonly strings: readonly number[]
  readonly userId: number
  readonly groups: Counted
  readonly serverStrings: readonly number[]
  readonly domainSid: number
  readonly accountControl: number
  readonly extraSids: Counted
  readonly resourceDomainSid: number
  readonly resourceGroups: Counted
}

interface Counted {
  readonly count: number
  readonly pointer: number
}

/** Throws `malformed`. */
export function readLogonInfo(octets: Buffer): LogonInfo {
  const reader = new NdrReader(octets)
  // Type serialisation version 1, little-endian (MS-RPCE 2.2.6): common header, private header, pointer to the
  // structure.
  if (reader.uint8() !== 1 || reader.uint8() !== 0x10 || reader.uint16() !== 8) throw malformed('NDR header')
  reader.skip(12)
  if (reader.uint32() === 0) throw malformed('logon info is empty')
  const fixed = readFixed(reader)
  const [accountName = ''] = readStrings(reader, fixed.strings)
  const groups = readRelativeIds(reader, fixed.groups)
  const [, domain = ''] = readStrings(reader, fixed.serverStrings)
  const domainSid = readSidPointer(reader, fixed.domainSid)
  const extraSids = readExtraSids(reader, fixed.extraSids)
  const resourceDomain = readSidPointer(reader, fixed.resourceDomainSid)
  const resourceGroups = readRelativeIds(reader, fixed.resourceGroups)
  if (domainSid === undefined || (resourceGroups.length > 0 && resourceDomain === undefined)) {
    throw malformed('logon info without the SID of its domain')
  }
  return {
    ...{ accountName, domain },
    userSid: `${domainSid}-${fixed.userId}`,
    accountControl: fixed.accountControl,
    groupSids: [
      ...groups.map(id => `${domainSid}-${id}`),
      ...extraSids,
      ...resourceGroups.map(id => `${resourceDomain}-${id}`),
    ],
  }
}

function readFixed(reader: NdrReader): Fixed {
  reader.skip(6 * 8) // times
  const strings = readStringPointers(reader, 6)
  reader.skip(4) // counts of logons and of wrong passwords
  const userId = reader.uint32()
  reader.uint32() // primary group, which is among the groups
  const groups = readCounted(reader)
  reader.skip(4 + 16) // flags, session key
  const serverStrings = readStringPointers(reader, 2)
  const domainSid = reader.uint32()
  reader.skip(8) // reserved
  const accountControl = reader.uint32()
  reader.skip(4 + 8 + 8 + 4 + 4) // status, logons, reserved
  const extraSids = readCounted(reader)
  const resourceDomainSid = reader.uint32()
  const resourceGroups = readCounted(reader)
  const sids = { domainSid, extraSids, resourceDomainSid, resourceGroups }
  return { strings, userId, groups, serverStrings, accountControl, ...sids }
}

const readCounted = (reader: NdrReader): Counted => ({ count: reader.uint32(), pointer: reader.uint32() })

function readStringPointers(reader: NdrReader, count: number): number[] {
  return Array.from({ length: count }, () => {
    reader.skip(4) // lengths, which the string repeats
    return reader.uint32()
  })
}

function readStrings(reader: NdrReader, pointers: readonly number[]): string[] {
  return pointers.map(pointer => {
    if (pointer === 0) return ''
    const size = reader.uint32()
    if (reader.uint32() !== 0) throw malformed('NDR string with an offset')
    const length = reader.count(2)
    if (length > size) throw malformed('NDR string longer than its buffer')
    return reader.octets(length * 2).toString('utf16le')
  })
}

function readArray<T>(reader: NdrReader, { count, pointer }: Counted, bytes: number, read: () => T): T[] {
  if (pointer === 0) {
    if (count > 0) throw malformed('NDR array is missing')
    return []
  }
  if (reader.count(bytes) !== count) throw malformed('NDR counts differ')
  return Array.from({ length: count }, read)
}

/** GROUP_MEMBERSHIP (MS-PAC 2.2.2). */
function readRelativeIds(reader: NdrReader, counted: Counted): number[] {
  return readArray(reader, counted, 8, () => {
    const id = reader.uint32()
    reader.uint32()
    return id
  })
}

/** KERB_SID_AND_ATTRIBUTES (MS-PAC 2.2.1). */
function readExtraSids(reader: NdrReader, counted: Counted): string[] {
  const pointers = readArray(reader, counted, 8, () => {
    const pointer = reader.uint32()
    reader.uint32()
    return pointer
  })
  return pointers.map(pointer => readSidPointer(reader, pointer)).filter(sid => sid !== undefined)
}

// RPC_SID is conformant: how many sub-authorities stands before it, and inside once more.
function readSidPointer(reader: NdrReader, pointer: number): string | undefined {
  if (pointer === 0) return undefined
  const count = reader.count(4)
  const sid = readSid(reader)
  if (sid.split('-').length !== count + 3) throw malformed('NDR counts differ')
  return sid
}
