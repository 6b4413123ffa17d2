import { field, flags, generalString, integer, sequence } from './der-writer.ts'
import { writeChecksum } from './encrypted-data.ts'
import { type EncryptionKey, KEY_USAGE } from './encryption-key.ts'
import { HMAC_MD5_CHECKSUM, hmacMd5Checksum } from './hmac-md5.ts'
import { PA, type PaData } from './kdc-request.ts'
import { type PrincipalName, writePrincipalName } from './principal-name.ts'

// Whom a service asks a ticket for, in both forms: Samba and Heimdal read the first alone, Windows and MIT prefer the
// second.

const AUTH_PACKAGE = 'Kerberos'

/** PA-FOR-USER (MS-SFU 2.2.1), always under the session key of the TGT. */
export function forUser(user: PrincipalName, realm: string, sessionKey: EncryptionKey): PaData {
  const type = Buffer.alloc(4)
  type.writeInt32LE(user.type)
  const signed = Buffer.concat([type, Buffer.from(`${user.components.join('')}${realm}${AUTH_PACKAGE}`, 'utf8')])
  const checksum = hmacMd5Checksum(sessionKey, KEY_USAGE.pac, signed)
  const value = sequence(
    field(0, writePrincipalName(user)),
    field(1, generalString(realm)),
    field(2, writeChecksum(HMAC_MD5_CHECKSUM, checksum)),
    field(3, generalString(AUTH_PACKAGE)),
  )
  return { type: PA.forUser, value }
}

/** PA-S4U-X509-USER (MS-SFU 2.2.2) without a certificate. */
export function s4uX509User(user: PrincipalName, realm: string, nonce: number, sessionKey: EncryptionKey): PaData {
  const userId = sequence(
    field(0, integer(nonce)),
    field(1, writePrincipalName(user)),
    field(2, generalString(realm)),
    // Bit 2: the reply is to be signed under a usage of its own (27).
    field(4, flags(0x2000_0000)),
  )
  const checksum = sessionKey.checksum(KEY_USAGE.s4uX509, userId)
  const value = sequence(field(0, userId), field(1, writeChecksum(sessionKey.enctype.checksumType, checksum)))
  return { type: PA.s4uX509User, value }
}

/** PA-PAC-OPTIONS (MS-KILE 2.2.10): resource-based delegation is understood here. */
export const resourceBasedDelegation = (): PaData => ({
  type: PA.pacOptions,
  value: sequence(field(0, flags(0x1000_0000))),
})
