/** Names of the account as the directory put them into the ticket. */
export type AccountNames = {
  readonly upn?: string
  readonly samAccountName?: string
}

/** MS-PAC 2.10, flag S: sAMAccountName and SID follow the first twelve octets. */
const extendedFlag = 0x2
const flagsOffset = 8
const samLengthOffset = 12

/**
 * Reads UPN_DNS_INFO (MS-PAC 2.10): lengths and offsets, 16 bit little endian, counted from the start of the buffer; text is UTF-16LE.
 * Pure. Answers what is there and well-formed; a malformed part is left out, for the names only supplement the principal.
 */
export function parseUpnDnsInfo(info: Buffer): AccountNames {
  if (info.length < samLengthOffset) return {}
  const upn = textAt(info, 0)
  const extended = (info.readUInt32LE(flagsOffset) & extendedFlag) !== 0
  const samAccountName = extended ? textAt(info, samLengthOffset) : undefined
  return { ...(upn === undefined ? {} : { upn }), ...(samAccountName === undefined ? {} : { samAccountName }) }
}

function textAt(info: Buffer, position: number): string | undefined {
  if (position + 4 > info.length) return undefined
  const length = info.readUInt16LE(position)
  const offset = info.readUInt16LE(position + 2)
  if (length === 0 || length % 2 !== 0 || offset + length > info.length) return undefined
  const text = info.toString('utf16le', offset, offset + length)
  return text.isWellFormed() && !text.includes('\0') ? text : undefined
}
