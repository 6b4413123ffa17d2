import { pacOf, readAuthorizationData } from './authorization-data.ts'
import { indicatorsOf } from './cammac.ts'
import { application, DerReader, UNIVERSAL } from './der-reader.ts'
import { type EncryptedData, readEncryptedData, readEncryptionKey } from './encrypted-data.ts'
import { type EncryptionKey, KEY_USAGE } from './encryption-key.ts'
import { malformed } from './krb5-error.ts'
import { ownOctets } from './own-octets.ts'
import { type PrincipalName, readPrincipalName } from './principal-name.ts'

/** Ticket (RFC 4120 5.3). Realm and name stand in clear: they say where to look for the key, and prove nothing. */
export interface Ticket {
  readonly realm: string
  readonly service: PrincipalName
  readonly encrypted: EncryptedData
  /** The whole element, as it goes into a request. */
  readonly octets: Buffer
}

/** Ticket flags (RFC 4120 5.3, bit 0 as the most significant). */
export const TICKET_FLAG = {
  forwardable: 0x4000_0000,
  invalid: 0x0100_0000,
  transitedPolicyChecked: 0x0008_0000,
  /** RFC 6806 11. */
  encryptedPadata: 0x0001_0000,
} as const

const KERBEROS_VERSION = 5

/** Of the encoding of realms (RFC 4120 3.3.3.2, which knows 1 alone): MIT reads an octet, and we take no ticket that it refuses. */
const MAX_TRANSITED_TYPE = 255

/** Reads the next element of `reader` as a Ticket. */
export function readTicket(reader: DerReader): Ticket {
  const octets = reader.element()
  const fields = DerReader.only(octets, application(1), UNIVERSAL.sequence)
  if (fields.integer(0) !== KERBEROS_VERSION) throw malformed('version of a ticket')
  const realm = fields.string(1)
  const service = readPrincipalName(fields, 2)
  const encrypted = readEncryptedData(fields, 3)
  fields.finish()
  return { realm, service, encrypted, octets }
}

/** EncTicketPart (RFC 4120 5.3): what the KDC says to the service. Its key is the owner's to dispose of. */
export interface OpenedTicket {
  readonly flags: number
  readonly sessionKey: EncryptionKey
  readonly clientRealm: string
  readonly client: PrincipalName
  /** Encoded realms between the client's and Torhaus'; empty if there are none. */
  readonly transited: Buffer
  /** How they are encoded. */
  readonly transitedType: number
  readonly authTimeMs: number
  readonly startTimeMs: number
  readonly endTimeMs: number
  readonly pac: Buffer | undefined
  /** Authentication indicators that the KDC signed (RFC 8129). */
  readonly indicators: readonly string[]
}

/** Throws `integrity` if it is encrypted with another key or was altered, and `malformed` if its contents are wrong. */
export function openTicket({ encrypted }: Ticket, key: EncryptionKey): OpenedTicket {
  const plain = key.decrypt(KEY_USAGE.ticket, encrypted.cipher)
  const fields = DerReader.only(plain, application(3), UNIVERSAL.sequence)
  const flags = fields.flags(0)
  const sessionKey = readEncryptionKey(fields, 1)
  const clientRealm = fields.string(2)
  const client = readPrincipalName(fields, 3)
  const transitedEncoding = fields.field(4, UNIVERSAL.sequence)
  const transitedType = transitedEncoding.integer(0)
  if (transitedType < 0 || transitedType > MAX_TRANSITED_TYPE) throw malformed('type of the transited encoding')
  // Not a view, which would keep all of the ticket in clear for as long as this is kept.
  const transited = ownOctets(transitedEncoding.octets(1))
  transitedEncoding.finish()
  const authTimeMs = fields.time(5)
  const startTimeMs = fields.optional(6, (reader, number) => reader.time(number)) ?? authTimeMs
  const endTimeMs = fields.time(7)
  fields.optional(8, (reader, number) => reader.time(number))
  // Addresses: ignored. They name interfaces of the client, which a proxy between rewrites (RFC 4120 3.2.3 leaves it
  // open).
  fields.optional(9, (reader, number) => reader.field(number, UNIVERSAL.sequence))
  const data = fields.optional(10, readAuthorizationData) ?? []
  fields.finish()
  return {
    ...{ flags, sessionKey, clientRealm, client, transited, transitedType, authTimeMs, startTimeMs, endTimeMs },
    ...{ pac: pacOf(data), indicators: indicatorsOf(data, key) },
  }
}
