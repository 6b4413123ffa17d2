import { context, DerReader, UNIVERSAL } from './der-reader.ts'
import { field, flags, generalString, integer, sequence } from './der-writer.ts'
import { readChecksum, writeChecksum } from './encrypted-data.ts'
import { type EncryptionKey, KEY_USAGE } from './encryption-key.ts'
import { HMAC_MD5_CHECKSUM, hmacMd5Checksum } from './hmac-md5.ts'
import { PA, type PaData } from './kdc-request.ts'
import { Krb5Error } from './krb5-error.ts'
import { NAME_TYPE, type PrincipalName, readPrincipalName, writePrincipalName } from './principal-name.ts'

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

/** Whom a ticket is asked for. */
export interface S4uUser {
  readonly user: PrincipalName
  readonly realm: string
  /** That of the request. */
  readonly nonce: number
}

/** The reply is to be signed under a usage of its own (MS-SFU 2.2.2, bit 2). */
const USE_REPLY_KEY_USAGE = 0x2000_0000

/** PA-S4U-X509-USER (MS-SFU 2.2.2) without a certificate. */
export function s4uX509User({ user, realm, nonce }: S4uUser, sessionKey: EncryptionKey): PaData {
  const userId = sequence(
    field(0, integer(nonce)),
    field(1, writePrincipalName(user)),
    field(2, generalString(realm)),
    field(4, flags(USE_REPLY_KEY_USAGE)),
  )
  const checksum = sessionKey.checksum(KEY_USAGE.s4uX509, userId)
  const value = sequence(field(0, userId), field(1, writeChecksum(sessionKey.enctype.checksumType, checksum)))
  return { type: PA.s4uX509User, value }
}

/**
 * What a KDC that knows PA-S4U-X509-USER answers (MS-SFU 3.1.5.1.1.2): the nonce of the request, and the user, under the
 * session key: with a usage of its own where it echoes the option, else that of the request. Throws `mismatch` or
 * `integrity`. None is legal: Samba and Heimdal send none. A name that was to be resolved may be another one now, and any in
 * the letter case of the directory.
 */
export function verifyS4uX509Reply(padata: readonly PaData[], asked: S4uUser, sessionKey: EncryptionKey): void {
  const found = padata.find(({ type }) => type === PA.s4uX509User)
  if (found === undefined) return
  const fields = DerReader.only(found.value, UNIVERSAL.sequence)
  const outer = fields.enter(context(0))
  const signed = outer.element()
  outer.finish()
  const checksum = readChecksum(fields, 1)
  fields.finish()
  const userId = DerReader.only(signed, UNIVERSAL.sequence)
  const nonce = userId.uint32(0)
  const user = userId.optional(1, readPrincipalName)
  const realm = userId.string(2)
  userId.optional(3, (reader, number) => reader.octets(number))
  const options = userId.optional(4, (reader, number) => reader.flags(number)) ?? 0
  userId.finish()
  const usage = (options & USE_REPLY_KEY_USAGE) === 0 ? KEY_USAGE.s4uX509 : KEY_USAGE.s4uX509Reply
  if (checksum.type !== sessionKey.enctype.checksumType)
    throw new Krb5Error('integrity', 'checksum of the user of a reply')
  sessionKey.verifyChecksum(usage, checksum.octets, signed)
  const isResolved = asked.user.type === NAME_TYPE.enterprise
  const isAsked =
    nonce === asked.nonce && user !== undefined && spelling(user, realm) === spelling(asked.user, asked.realm)
  if (!isAsked && !(isResolved && nonce === asked.nonce)) throw new Krb5Error('mismatch', 'the user of a reply')
}

const spelling = ({ components }: PrincipalName, realm: string): string =>
  [...components, realm].join('\0').toLowerCase()

/** PA-PAC-OPTIONS (MS-KILE 2.2.10): resource-based delegation is understood here. */
export const resourceBasedDelegation = (): PaData => ({
  type: PA.pacOptions,
  value: sequence(field(0, flags(0x1000_0000))),
})
