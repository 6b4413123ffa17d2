import { field, integer, sequence, time } from '../protocol/der-writer.ts'
import { writeEncryptedData } from '../protocol/encrypted-data.ts'
import { type EncryptionKey, KEY_USAGE } from '../protocol/encryption-key.ts'
import { type EtypeInfo, etypeInfoOfError, etypeInfoOfReply } from '../protocol/etype-info.ts'
import { isKdcError, KDC_ERROR, readKdcError } from '../protocol/kdc-error.ts'
import { AS_REPLY, type KdcReply, openReply, readKdcReply, verifyReply } from '../protocol/kdc-reply.ts'
import { AS_REQUEST, KDC_OPTION, PA, type PaData, writeKdcRequest, writeRequestBody } from '../protocol/kdc-request.ts'
import { Krb5Error, krb5Error } from '../protocol/krb5-error.ts'
import { type PrincipalName, sameName, ticketGrantingService } from '../protocol/principal-name.ts'
import { LIFETIME_MS, newNonce } from './asked-of-kdc.ts'
import { type HeldTicket, held } from './held-ticket.ts'
import type { KdcPool, KdcProbe } from './kdc-pool.ts'
import { KdcRefusal, refuseError } from './kdc-refusal.ts'

/** Makes the client's key from what the KDC says about it, for a password from its salt. */
export type KeyFor = (infos: readonly EtypeInfo[]) => Promise<EncryptionKey>

export interface SignIn {
  readonly pool: KdcPool
  readonly realm: string
  readonly client: PrincipalName
  readonly now: () => number
}

/** The AS exchange (RFC 4120 3.1). */
export async function signIn(asked: SignIn, keyFor: KeyFor): Promise<HeldTicket> {
  const { pool, realm, client, now } = asked
  const service = ticketGrantingService(realm)
  const tillMs = now() + LIFETIME_MS
  // First without proof, to learn how the key is made; a KDC that wants none answers with the ticket at once.
  const firstNonce = newNonce()
  const first = await pool.ask(writeKdcRequest(AS_REQUEST, [], bodyOf(asked, firstNonce, tillMs)), octets => {
    if (!isKdcError(octets)) return readKdcReply(octets, AS_REPLY)
    const error = readKdcError(octets)
    if (error.code !== KDC_ERROR.preauthenticationRequired) throw new KdcRefusal(error.code)
    return etypeInfoOfError(error)
  })
  using key = await keyFor('infos' in first ? first.infos : etypeInfoOfReply(first))
  const opening = (reply: KdcReply, nonce: number): HeldTicket => {
    const opened = openReply(reply, key, KEY_USAGE.asReply)
    verifyReply(reply, opened, { nonce, realm, service, tillMs, nowMs: now(), mayRefer: false })
    if (reply.clientRealm !== realm || !sameName(reply.client, client)) throw krb5Error('mismatch', 'client')
    return held(reply, opened)
  }
  if (!('infos' in first)) return withKeyThatFits(() => opening(first, firstNonce))
  const nonce = newNonce()
  const request = writeKdcRequest(AS_REQUEST, [encryptedTimestamp(key, now())], bodyOf(asked, nonce, tillMs))
  // Awaited here: the key ends with this function.
  return await pool.ask(request, octets => {
    refuseError(octets)
    return opening(readKdcReply(octets, AS_REPLY), nonce)
  })
}

/** The first step of a sign-in, of an account that is there: it wants a proof then, which counts as no attempt. */
export const signInProbe = (client: PrincipalName, realm: string, now: () => number): KdcProbe => ({
  request: () => writeKdcRequest(AS_REQUEST, [], bodyOf({ client, realm }, newNonce(), now() + LIFETIME_MS)),
  read(reply) {
    if (isKdcError(reply)) readKdcError(reply)
    else readKdcReply(reply, AS_REPLY)
  },
})

function bodyOf({ client, realm }: Pick<SignIn, 'client' | 'realm'>, nonce: number, tillMs: number): Buffer {
  const service = ticketGrantingService(realm)
  return writeRequestBody({ options: KDC_OPTION.forwardable, client, realm, service, nonce, tillMs })
}

/** A reply to a request without proof, which a wrong password shows itself by. */
function withKeyThatFits<T>(open: () => T): T {
  try {
    return open()
  } catch (error) {
    throw error instanceof Krb5Error && error.code === 'integrity'
      ? new KdcRefusal(KDC_ERROR.preauthenticationFailed)
      : error
  }
}

/** PA-ENC-TIMESTAMP (RFC 4120 5.2.7.2). */
function encryptedTimestamp(key: EncryptionKey, nowMs: number): PaData {
  const plain = sequence(field(0, time(nowMs)), field(1, integer((nowMs % 1000) * 1000)))
  const cipher = key.encrypt(KEY_USAGE.asRequestTimestamp, plain)
  return { type: PA.timestamp, value: writeEncryptedData(key.enctype.number, cipher) }
}
