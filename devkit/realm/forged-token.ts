/**
 * Tokens as only the KDC and a client together could make them, with any field as a test wants it: our key is known
 * here.
 */
import { writeElement } from '../../src/asn1/der.ts'
import {
  field,
  flags,
  generalString,
  integer,
  message,
  octetString,
  sequence,
  time,
} from '../../src/kerberos/protocol/der-writer.ts'
import { writeChecksum, writeEncryptedData, writeEncryptionKey } from '../../src/kerberos/protocol/encrypted-data.ts'
import { EncryptionKey, KEY_USAGE } from '../../src/kerberos/protocol/encryption-key.ts'
import { GSS_CHECKSUM, plainGssChecksum } from '../../src/kerberos/protocol/gss-token.ts'
import { krb5Mechanism, spnegoMechanism } from '../../src/kerberos/protocol/object-identifiers.ts'
import { type PrincipalName, writePrincipalName } from '../../src/kerberos/protocol/principal-name.ts'

const MINUTE_MS = 60_000

export const serviceKey = new EncryptionKey(18, Buffer.alloc(32, 7))
export const sessionKey = new EncryptionKey(18, Buffer.alloc(32, 9))
const person: PrincipalName = { type: 1, components: ['alice'] }
const proxyService: PrincipalName = { type: 2, components: ['HTTP', 'proxy.corp.test'] }

/** What may be other than usual. */
export interface Forgery {
  readonly nowMs: number
  /** One that was made before (`forgedTicket`). */
  readonly ticket?: Buffer
  readonly ticketKey?: EncryptionKey
  /** In the ticket; a token is made with `sessionKey` whatever stands here. */
  readonly ticketSessionKey?: EncryptionKey
  readonly ticketEtype?: number
  readonly kvno?: number
  readonly ticketFlags?: number
  readonly client?: PrincipalName
  readonly clientRealm?: string
  readonly service?: PrincipalName
  /** In clear, beside the name of the service. */
  readonly realm?: string
  readonly transited?: string
  readonly transitedType?: number
  readonly startMs?: number
  readonly endMs?: number
  readonly authorizationData?: Buffer
  readonly options?: number
  readonly authenticatorEtype?: number
  readonly authenticatorUsage?: number
  readonly authenticatorClient?: PrincipalName
  readonly authenticatorRealm?: string
  readonly authenticatorAtMs?: number
  readonly microseconds?: number
  readonly authenticatorData?: Buffer
  /** undefined: none at all. */
  readonly checksum?: { readonly type: number; readonly octets: Buffer } | undefined
}

/** A ticket by itself. */
export function forgedTicket(forgery: Forgery): Buffer {
  const { nowMs, client = person, clientRealm = 'CORP.TEST', transited = '', authorizationData } = forgery
  const part = message(
    3,
    field(0, flags(forgery.ticketFlags ?? 0)),
    field(1, writeEncryptionKey(forgery.ticketSessionKey ?? sessionKey)),
    field(2, generalString(clientRealm)),
    field(3, writePrincipalName(client)),
    field(4, sequence(field(0, integer(forgery.transitedType ?? 1)), field(1, octetString(Buffer.from(transited))))),
    field(5, time(nowMs - MINUTE_MS)),
    field(6, time(forgery.startMs ?? nowMs - MINUTE_MS)),
    field(7, time(forgery.endMs ?? nowMs + 60 * MINUTE_MS)),
    field(10, authorizationData),
  )
  const cipher = (forgery.ticketKey ?? serviceKey).encrypt(KEY_USAGE.ticket, part)
  return message(
    1,
    field(0, integer(5)),
    field(1, generalString(forgery.realm ?? 'CORP.TEST')),
    field(2, writePrincipalName(forgery.service ?? proxyService)),
    field(3, writeEncryptedData(forgery.ticketEtype ?? 18, cipher, forgery.kvno)),
  )
}

function authenticatorOf(forgery: Forgery): Buffer {
  const { nowMs, client = person, clientRealm = 'CORP.TEST' } = forgery
  const checksum = 'checksum' in forgery ? forgery.checksum : { type: GSS_CHECKSUM, octets: plainGssChecksum() }
  const plain = message(
    2,
    field(0, integer(5)),
    field(1, generalString(forgery.authenticatorRealm ?? clientRealm)),
    field(2, writePrincipalName(forgery.authenticatorClient ?? client)),
    field(3, checksum && writeChecksum(checksum.type, checksum.octets)),
    field(4, integer(forgery.microseconds ?? 1)),
    field(5, time(forgery.authenticatorAtMs ?? nowMs)),
    field(7, integer(1)),
    field(8, forgery.authenticatorData),
  )
  return sessionKey.encrypt(forgery.authenticatorUsage ?? KEY_USAGE.apRequestAuthenticator, plain)
}

/** A bare Kerberos token. */
export function forgedToken(forgery: Forgery): Buffer {
  const request = message(
    14,
    field(0, integer(5)),
    field(1, integer(14)),
    field(2, flags(forgery.options ?? 0)),
    field(3, forgery.ticket ?? forgedTicket(forgery)),
    field(4, writeEncryptedData(forgery.authenticatorEtype ?? 18, authenticatorOf(forgery))),
  )
  const mechanism = writeElement(0x06, krb5Mechanism)
  return writeElement(0x60, mechanism, Buffer.from([1, 0]), request)
}

/** The list of mechanisms, as a MIC is made over it. */
export const mechanismList = (mechanisms: readonly Buffer[]): Buffer =>
  sequence(...mechanisms.map(oid => writeElement(0x06, oid)))

/** A first leg of SPNEGO around a token. */
export function forgedNegotiation(mechanisms: readonly Buffer[], token?: Buffer, mic?: Buffer): Buffer {
  const fields = sequence(
    field(0, mechanismList(mechanisms)),
    field(2, token && octetString(token)),
    field(3, mic && octetString(mic)),
  )
  return writeElement(0x60, writeElement(0x06, spnegoMechanism), writeElement(0xa0, fields))
}

/** One element of authorization data (RFC 4120 5.2.6). */
export const authorization = (type: number, data: Buffer): Buffer =>
  sequence(field(0, integer(type)), field(1, octetString(data)))

/** AD-AUTHENTICATION-INDICATOR (RFC 8129 2). */
export const indicatorElement = (...indicators: readonly string[]): Buffer =>
  authorization(97, sequence(...indicators.map(text => writeElement(0x0c, Buffer.from(text)))))

/** AD-CAMMAC (RFC 7751) around elements; the service's verifier as a test wants it. */
export function forgedCammac(
  elements: Buffer,
  { key = serviceKey, usage = KEY_USAGE.cammac as number, signed = elements, number = 2 } = {},
): Buffer {
  const checksum = writeChecksum(key.enctype.checksumType, key.checksum(usage, signed))
  return authorization(96, sequence(field(0, elements), field(number, sequence(field(3, checksum)))))
}

/** The service's key, in version 300 as 32 bits, 44 as eight. */
export function forgedKeytab(): Buffer {
  const counted = (octets: Uint8Array) => Buffer.concat([Buffer.from([0, octets.length]), octets])
  const names = ['CORP.TEST', 'HTTP', 'proxy.corp.test'].map(text => counted(Buffer.from(text)))
  const key = serviceKey.read(octets => counted(Buffer.from(octets)))
  const entry = Buffer.concat([
    ...[Buffer.from([0, 2]), ...names, Buffer.from([0, 0, 0, 2, 0, 0, 0, 0, 44, 0, 18]), key],
    Buffer.from([0, 0, 1, 44]),
  ])
  return Buffer.concat([Buffer.from([5, 2, 0, 0, 0, entry.length]), entry])
}
