import { randomBytes } from 'node:crypto'
import { writeApRequest, writeAuthenticator } from './ap-request.ts'
import { application, context, DerReader, UNIVERSAL } from './der-reader.ts'
import { field, flags, integer, octetString, sequence, time } from './der-writer.ts'
import {
  type Checksum,
  readChecksum,
  readEncryptedData,
  readEncryptionKey,
  writeChecksum,
  writeEncryptedData,
} from './encrypted-data.ts'
import { EncryptionKey, KEY_USAGE } from './encryption-key.ts'
import { combineKeys } from './fx-cf2.ts'
import { type KdcError, readKdcError } from './kdc-error.ts'
import { readPaData } from './kdc-reply.ts'
import { PA, type PaData, writePaData } from './kdc-request.ts'
import { Krb5Error } from './krb5-error.ts'
import { type PrincipalName, readPrincipalName } from './principal-name.ts'
import type { Ticket } from './ticket.ts'

// FAST (RFC 6113 5.4): the AS exchange of one client inside the protection of another's TGT. What stands on the wire can
// neither be guessed against, as a timestamp under the key of a password can, nor forged, as an error can:
//
//   client --> KDC   request( PA-FX-FAST( AP-REQ with our TGT, { proof, body } under the armour key ), body )
//   KDC --> client   reply  ( PA-FX-FAST( { strengthen key, finished, nonce } under the armour key ), ticket )
//               or   error  ( PA-FX-FAST( { the true error, nonce } under the armour key ) )

/** Made of a TGT; ends with the exchange. */
export interface Armour extends Disposable {
  readonly key: EncryptionKey
  /** The AP-REQ by which the KDC comes to the same key. */
  readonly request: Buffer
}

interface Armouring {
  readonly ticket: Ticket
  readonly sessionKey: EncryptionKey
  readonly clientRealm: string
  readonly client: PrincipalName
}

/** FX_FAST_ARMOR_AP_REQUEST (RFC 6113 5.4.1.1). */
export function createArmour({ ticket, sessionKey, clientRealm, client }: Armouring, nowMs: number): Armour {
  const { number, keyBytes } = sessionKey.enctype
  using subkey = new EncryptionKey(number, randomBytes(keyBytes))
  const authenticator = writeAuthenticator({
    ...{ realm: clientRealm, client, timeMs: nowMs, microseconds: (nowMs % 1000) * 1000, subkey },
  })
  const cipher = sessionKey.encrypt(KEY_USAGE.apRequestAuthenticator, authenticator)
  const key = combineKeys(subkey, sessionKey, 'subkeyarmor', 'ticketarmor')
  return {
    key,
    request: writeApRequest(0, ticket.octets, number, cipher),
    [Symbol.dispose]: () => key[Symbol.dispose](),
  }
}

const AP_REQUEST_ARMOUR = 1

/** PA-FX-FAST-REQUEST (RFC 6113 5.4.2): `body` is that of the request around it, too. */
export function writeArmoured({ key, request }: Armour, padata: readonly PaData[], body: Buffer): PaData {
  const inner = sequence(field(0, flags(0)), field(1, writePaData(padata)), field(2, body))
  const checksum = key.checksum(KEY_USAGE.fastRequestChecksum, body)
  const armour = sequence(field(0, integer(AP_REQUEST_ARMOUR)), field(1, octetString(request)))
  const armoured = sequence(
    field(0, armour),
    field(1, writeChecksum(key.enctype.checksumType, checksum)),
    field(2, writeEncryptedData(key.enctype.number, key.encrypt(KEY_USAGE.fastRequest, inner))),
  )
  return { type: PA.fast, value: field(0, armoured) ?? armoured }
}

/** KrbFastResponse (RFC 6113 5.4.3). Its strengthen key is the reader's to dispose of. */
export interface FastResponse {
  readonly padata: readonly PaData[]
  readonly strengthenKey: EncryptionKey | undefined
  readonly finished: Finished | undefined
  readonly nonce: number
}

interface Finished {
  readonly clientRealm: string
  readonly client: PrincipalName
  readonly ticketChecksum: Checksum
}

/**
 * The armoured part of a reply or error. Throws `integrity` if there is none: an answer without armour to a request
 * with it may come from anybody.
 */
export function openArmoured(padata: readonly PaData[], { key }: Armour, nonce: number): FastResponse {
  const found = padata.find(({ type }) => type === PA.fast)
  if (found === undefined) throw new Krb5Error('integrity', 'an answer outside of the armour')
  const armoured = DerReader.only(found.value, context(0), UNIVERSAL.sequence)
  const { etype, cipher } = readEncryptedData(armoured, 0)
  armoured.finish()
  if (etype !== key.enctype.number) throw new Krb5Error('integrity', 'encryption type of an armoured reply')
  const fields = DerReader.only(key.decrypt(KEY_USAGE.fastReply, cipher), UNIVERSAL.sequence)
  const inner = readPaData(fields.field(0, UNIVERSAL.sequence))
  const strengthenKey = fields.optional(1, readEncryptionKey)
  const finished = fields.optional(2, readFinished)
  const foundNonce = fields.uint32(3)
  fields.finish()
  if (foundNonce !== nonce) throw new Krb5Error('mismatch', 'nonce of an armoured reply')
  return { padata: inner, strengthenKey, finished, nonce: foundNonce }
}

function readFinished(reader: DerReader, number: number): Finished {
  const fields = reader.field(number, UNIVERSAL.sequence)
  fields.time(0)
  fields.integer(1)
  const clientRealm = fields.string(2)
  const client = readPrincipalName(fields, 3)
  const ticketChecksum = readChecksum(fields, 4)
  fields.finish()
  return { clientRealm, client, ticketChecksum }
}

/** The actual error, which is inside the armour. Throws `integrity` if the error is not from the KDC. */
export function armouredError({ data }: KdcError, armour: Armour, nonce: number): KdcError {
  const outside = data === undefined ? [] : readPaData(DerReader.only(data, UNIVERSAL.sequence))
  const { padata } = openArmoured(outside, armour, nonce)
  const inner = padata.find(({ type }) => type === PA.fastError)
  if (inner?.value[0] !== application(30)) throw new Krb5Error('integrity', 'an armoured error without an error')
  // Its e-data is the other padata of the response (RFC 6113 5.4.4).
  return { ...readKdcError(inner.value), data: writePaData(padata) }
}

/** Throws unless the end of the exchange is signed, and is about this ticket (RFC 6113 5.4.3). */
export function verifyFinished({ finished }: FastResponse, { key }: Armour, ticket: Ticket): Finished {
  if (finished?.ticketChecksum.type !== key.enctype.checksumType)
    throw new Krb5Error('integrity', 'an armoured reply without its end')
  key.verifyChecksum(KEY_USAGE.fastFinished, finished.ticketChecksum.octets, ticket.octets)
  return finished
}

/** The reply key, which knowing the password's key is not enough for (RFC 6113 5.4.3). The caller owns the result. */
export const strengthened = ({ strengthenKey }: FastResponse, replyKey: EncryptionKey): EncryptionKey =>
  strengthenKey === undefined ? replyKey.copy() : combineKeys(strengthenKey, replyKey, 'strengthenkey', 'replykey')

const LONG_TERM = 'challengelongterm'

/** PA-ENCRYPTED-CHALLENGE (RFC 6113 5.4.6): the timestamp under password and armour. */
export function encryptedChallenge({ key }: Armour, clientKey: EncryptionKey, nowMs: number): PaData {
  using challenge = combineKeys(key, clientKey, 'clientchallengearmor', LONG_TERM)
  const plain = sequence(field(0, time(nowMs)), field(1, integer((nowMs % 1000) * 1000)))
  const cipher = challenge.encrypt(KEY_USAGE.clientChallenge, plain)
  return { type: PA.encryptedChallenge, value: writeEncryptedData(challenge.enctype.number, cipher) }
}

/**
 * Verifies the KDC's proof that it knows the client's key; throws `integrity` if there is none. Heimdal 7 makes it with
 * the client's challenge key instead of its own, but with the KDC's key usage, so our own message cannot be reflected.
 */
export function verifyKdcChallenge({ padata }: FastResponse, { key }: Armour, clientKey: EncryptionKey): void {
  const found = padata.find(({ type }) => type === PA.encryptedChallenge)
  if (found === undefined) throw new Krb5Error('integrity', 'no challenge of the KDC')
  const { cipher } = readEncryptedData(DerReader.only(field(0, found.value) ?? found.value), 0)
  const opens = (pepper: string): boolean => {
    using challenge = combineKeys(key, clientKey, pepper, LONG_TERM)
    try {
      challenge.decrypt(KEY_USAGE.kdcChallenge, cipher)
      return true
    } catch {
      return false
    }
  }
  if (!opens('kdcchallengearmor') && !opens('clientchallengearmor'))
    throw new Krb5Error('integrity', 'challenge of the KDC')
}
