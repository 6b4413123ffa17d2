import { field, integer, sequence, time } from '../protocol/der-writer.ts'
import { writeEncryptedData } from '../protocol/encrypted-data.ts'
import { type EncryptionKey, KEY_USAGE } from '../protocol/encryption-key.ts'
import { type EtypeInfo, etypeInfoOfReply, type Offered, offeredIn } from '../protocol/etype-info.ts'
import {
  armouredError,
  createArmour,
  encryptedChallenge,
  openArmoured,
  strengthened,
  verifyFinished,
  verifyKdcChallenge,
  writeArmoured,
} from '../protocol/fast.ts'
import { isKdcError, KDC_ERROR, readKdcError } from '../protocol/kdc-error.ts'
import { AS_REPLY, type KdcReply, openReply, readKdcReply, verifyReply } from '../protocol/kdc-reply.ts'
import { AS_REQUEST, KDC_OPTION, PA, type PaData, writeKdcRequest, writeRequestBody } from '../protocol/kdc-request.ts'
import { Krb5Error, krb5Error } from '../protocol/krb5-error.ts'
import { type PrincipalName, sameName, ticketGrantingService } from '../protocol/principal-name.ts'
import { LIFETIME_MS, newNonce } from './asked-of-kdc.ts'
import { type HeldTicket, held } from './held-ticket.ts'
import type { KdcPool, KdcProbe } from './kdc-pool.ts'
import { isDoubtful, KdcRefusal, refuseError } from './kdc-refusal.ts'

/** Makes the client's key from what the KDC says about it, for a password from its salt. */
export type KeyFor = (infos: readonly EtypeInfo[]) => Promise<EncryptionKey>

export interface SignIn {
  readonly pool: KdcPool
  readonly realm: string
  readonly client: PrincipalName
  readonly now: () => number
}

/**
 * The AS exchange (RFC 4120 3.1). `armouring`: a TGT of the realm, of whomever; with it the proof is armoured where the
 * KDC offers that (RFC 6113).
 */
export async function signIn(asked: SignIn, keyFor: KeyFor, armouring?: HeldTicket): Promise<HeldTicket> {
  const { pool, realm, client, now } = asked
  const service = ticketGrantingService(realm)
  const tillMs = now() + LIFETIME_MS
  // First without proof, to learn how the key is made; a KDC that wants none answers with the ticket at once.
  const firstNonce = newNonce()
  const unproven = writeKdcRequest(AS_REQUEST, [], bodyOf(asked, firstNonce, tillMs))
  const readFirst = (octets: Buffer): KdcReply | Offered => {
    if (!isKdcError(octets)) return readKdcReply(octets, AS_REPLY)
    const error = readKdcError(octets)
    if (error.code !== KDC_ERROR.preauthenticationRequired) throw new KdcRefusal(error.code)
    return offeredIn(error)
  }
  const first = await pool.ask(unproven, readFirst, isDoubtful)
  using key = await keyFor('infos' in first ? first.infos : etypeInfoOfReply(first))
  const opening = (reply: KdcReply, nonce: number, replyKey = key): HeldTicket => {
    const opened = openReply(reply, replyKey, KEY_USAGE.asReply)
    verifyReply(reply, opened, { nonce, realm, service, tillMs, nowMs: now(), mayRefer: false })
    if (reply.clientRealm !== realm || !sameName(reply.client, client)) throw krb5Error('mismatch', 'client')
    return held(reply, opened)
  }
  if (!('infos' in first)) return withKeyThatFits(() => opening(first, firstNonce))
  const nonce = newNonce()
  if (armouring !== undefined && first.armour) {
    using armour = createArmour(armouring, now())
    const body = bodyOf(asked, nonce, tillMs)
    const proofs = [encryptedChallenge(armour, key, now()), ...(first.cookie === undefined ? [] : [first.cookie])]
    const armoured = writeKdcRequest(AS_REQUEST, [writeArmoured(armour, proofs, body)], body)
    return await pool.ask(armoured, octets => {
      if (isKdcError(octets)) throw new KdcRefusal(armouredError(readKdcError(octets), armour, nonce).code)
      const reply = readKdcReply(octets, AS_REPLY)
      const response = openArmoured(reply.padata, armour, nonce)
      using _strengthenKey = response.strengthenKey
      const { client: signed, clientRealm } = verifyFinished(response, armour, reply.ticket)
      if (clientRealm !== realm || !sameName(signed, client)) throw krb5Error('mismatch', 'client')
      verifyKdcChallenge(response, armour, key)
      using replyKey = strengthened(response, key)
      return opening(reply, nonce, replyKey)
    })
  }
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
