import { application, DerReader, UNIVERSAL } from './der-reader.ts'
import { field, flags, generalString, integer, message, time } from './der-writer.ts'
import {
  type Checksum,
  type EncryptedData,
  readChecksum,
  readEncryptedData,
  readEncryptionKey,
  writeChecksum,
  writeEncryptedData,
  writeEncryptionKey,
} from './encrypted-data.ts'
import { type EncryptionKey, KEY_USAGE } from './encryption-key.ts'
import { malformed } from './krb5-error.ts'
import { type PrincipalName, readPrincipalName, writePrincipalName } from './principal-name.ts'
import { readTicket, type Ticket } from './ticket.ts'

/** AP-REQ (RFC 4120 5.5.1). */
export interface ApRequest {
  readonly options: number
  readonly ticket: Ticket
  readonly authenticator: EncryptedData
}

/** AP options (RFC 4120 5.5.1). */
export const AP_OPTION = { useSessionKey: 0x4000_0000, mutualRequired: 0x2000_0000 } as const

/** Message types (RFC 4120 7.5.7), which are the application tags, too. */
const AP_REQUEST = 14
const AP_REPLY = 15
const VERSION = 5

/** What it answers are views of the octets. Throws `malformed`. */
export function readApRequest(octets: Buffer): ApRequest {
  const fields = DerReader.only(octets, application(AP_REQUEST), UNIVERSAL.sequence)
  if (fields.integer(0) !== VERSION || fields.integer(1) !== AP_REQUEST) throw malformed('version or type of a message')
  const options = fields.flags(2)
  const holder = fields.enter(0xa3)
  const ticket = readTicket(holder)
  holder.finish()
  const authenticator = readEncryptedData(fields, 4)
  fields.finish()
  return { options, ticket, authenticator }
}

/** Authenticator (RFC 4120 5.5.1): what the client says under the ticket's session key. */
export interface Authenticator {
  readonly realm: string
  readonly client: PrincipalName
  readonly checksum: Checksum | undefined
  readonly microseconds: number
  /** Whole seconds, in milliseconds. */
  readonly timeMs: number
  readonly subkey: EncryptionKey | undefined
  readonly sequenceNumber: number | undefined
}

/**
 * Throws `integrity` where another key made it, and `malformed`. Its authorization data is the client's own word: never
 * read.
 */
export function openAuthenticator({ authenticator }: ApRequest, key: EncryptionKey): Authenticator {
  if (authenticator.etype !== key.enctype.number) throw malformed('encryption type of an authenticator')
  const plain = key.decrypt(KEY_USAGE.apRequestAuthenticator, authenticator.cipher)
  const fields = DerReader.only(plain, application(2), UNIVERSAL.sequence)
  if (fields.integer(0) !== VERSION) throw malformed('version of an authenticator')
  const realm = fields.string(1)
  const client = readPrincipalName(fields, 2)
  const checksum = fields.optional(3, readChecksum)
  const microseconds = fields.integer(4)
  const timeMs = fields.time(5)
  const subkey = fields.optional(6, readEncryptionKey)
  const sequenceNumber = fields.optional(7, (reader, number) => reader.uint32(number))
  fields.optional(8, (reader, number) => reader.field(number, UNIVERSAL.sequence))
  fields.finish()
  if (microseconds < 0 || microseconds > 999_999) throw malformed('microseconds')
  return { realm, client, checksum, microseconds, timeMs, subkey, sequenceNumber }
}

export interface AuthenticatorToWrite extends Pick<Authenticator, 'realm' | 'client' | 'microseconds' | 'timeMs'> {
  readonly checksum?: Checksum
  readonly sequenceNumber?: number
  readonly subkey?: EncryptionKey
}

/** Authenticator, to be encrypted. */
export function writeAuthenticator(authenticator: AuthenticatorToWrite): Buffer {
  const { realm, client, checksum, microseconds, timeMs, sequenceNumber, subkey } = authenticator
  return message(
    2,
    field(0, integer(VERSION)),
    field(1, generalString(realm)),
    field(2, writePrincipalName(client)),
    field(3, checksum && writeChecksum(checksum.type, checksum.octets)),
    field(4, integer(microseconds)),
    field(5, time(timeMs)),
    field(6, subkey && writeEncryptionKey(subkey)),
    field(7, sequenceNumber === undefined ? undefined : integer(sequenceNumber)),
  )
}

/** AP-REQ. `ticket`: as the KDC encoded it; `authenticator`: encrypted, by a key of the type `etype`. */
export function writeApRequest(options: number, ticket: Buffer, etype: number, authenticator: Buffer): Buffer {
  return message(
    AP_REQUEST,
    field(0, integer(VERSION)),
    field(1, integer(AP_REQUEST)),
    field(2, flags(options)),
    field(3, ticket),
    field(4, writeEncryptedData(etype, authenticator)),
  )
}

/** What an AP-REP says, encrypted (RFC 4120 5.5.2): proves to the client that the service could open its ticket. */
export function sealApReply(
  { microseconds, timeMs }: Pick<Authenticator, 'microseconds' | 'timeMs'>,
  sessionKey: EncryptionKey,
  sequenceNumber: number | undefined,
): Buffer {
  const sequence = sequenceNumber === undefined ? undefined : integer(sequenceNumber)
  const plain = message(27, field(0, time(timeMs)), field(1, integer(microseconds)), field(3, sequence))
  return sessionKey.encrypt(KEY_USAGE.apReply, plain)
}

/** AP-REP around what `sealApReply` made. */
export function writeApReply(etype: number, cipher: Buffer): Buffer {
  return message(
    AP_REPLY,
    field(0, integer(VERSION)),
    field(1, integer(AP_REPLY)),
    field(2, writeEncryptedData(etype, cipher)),
  )
}
