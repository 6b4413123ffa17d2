/** The LOGON_INFO of Samba for alice (MS-PAC 2.5), saying something else about its account. */
import { readApRequest } from '../../src/kerberos/protocol/ap-request.ts'
import { apRequestIn } from '../../src/kerberos/protocol/gss-token.ts'
import { PAC_BUFFER, readPac } from '../../src/kerberos/protocol/pac.ts'
import { openTicket } from '../../src/kerberos/protocol/ticket.ts'
import { bareToken, recordedKeytab } from '../kerberos/recorded-tokens.ts'

/** NDR's header, then where the flags stand; and the characters of the account's name behind the fixed part. */
export const FLAGS_AT = 20 + 164
const NAME_AT = 20 + 216 + 12
const NAME = 'alice'
const DOMAIN_USERS = 513

export interface LogonInfoChanges {
  /** Of five characters. */
  readonly accountName?: string
  readonly accountControl?: number
  /** In place of Domain Users. */
  readonly group?: number
  /** `S-1-18-1`, the KDC, in the recorded one; `-2` is a service. */
  readonly assertedBy?: number
}

export function recordedLogonInfo(): Buffer {
  const found = recordedKeytab().entries.find(({ key }) => key.enctype.number === 18)
  const pac = found && openTicket(readApRequest(apRequestIn(bareToken)).ticket, found.key).pac
  const octets = pac && readPac(pac).get(PAC_BUFFER.logonInfo)
  if (octets === undefined) throw new Error('the recorded token lacks it')
  return Buffer.from(octets)
}

export function forgedLogonInfo({ accountName = NAME, accountControl, group, assertedBy }: LogonInfoChanges): Buffer {
  if (accountName.length !== NAME.length) throw new Error('a name of five characters')
  const info = recordedLogonInfo()
  info.write(accountName, NAME_AT, 'utf16le')
  if (accountControl !== undefined) info.writeUInt32LE(accountControl, FLAGS_AT)
  // Each with its attributes (MS-PAC 2.2.1), as Samba has them.
  if (group !== undefined) info.writeUInt32LE(group, placeOf(info, numbers(DOMAIN_USERS, 7)))
  const asserted = Buffer.from('010100000000001201000000', 'hex')
  if (assertedBy !== undefined) info.writeUInt32LE(assertedBy, placeOf(info, asserted) + 8)
  return info
}

const numbers = (...values: number[]): Buffer => Buffer.from(Uint32Array.from(values).buffer)

function placeOf(info: Buffer, octets: Buffer): number {
  const at = info.indexOf(octets)
  if (at < 0) throw new Error('the recorded LOGON_INFO has no such thing')
  return at
}
