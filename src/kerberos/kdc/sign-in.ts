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
import {
  AS_REPLY,
  type KdcReply,
  type OpenedReply,
  openReply,
  readKdcReply,
  verifyReply,
} from '../protocol/kdc-reply.ts'
import { AS_REQUEST, KDC_OPTION, PA, type PaData, writeKdcRequest, writeRequestBody } from '../protocol/kdc-request.ts'
import { Krb5Error, krb5Error } from '../protocol/krb5-error.ts'
import { NAME_TYPE, type PrincipalName, sameName, ticketGrantingService } from '../protocol/principal-name.ts'
import { signatureRequest, signedOffer } from '../protocol/signed-request.ts'
import { LIFETIME_MS, newNonce } from './asked-of-kdc.ts'
import { type HeldTicket, held } from './held-ticket.ts'
import type { KdcPool, KdcProbe } from './kdc-pool.ts'
import { isDoubtful, isUnable, KdcRefusal, refusalOf, refuseError } from './kdc-refusal.ts'

/** Makes the client's key from what the KDC says about it, for a password from its salt. */
export type KeyFor = (infos: readonly EtypeInfo[]) => Promise<EncryptionKey>

export interface SignIn {
  readonly pool: KdcPool
  readonly realm: string
  readonly client: PrincipalName
  readonly now: () => number
  readonly armour: KnownArmour
  /** Our own account, whose key nobody but the KDC knows beside us. */
  readonly isOurs: boolean
  /** For each KDC that is shown a proof. */
  readonly onProof?: (() => void) | undefined
  /** What the ticket is for; default: for others (a TGT). */
  readonly service?: PrincipalName
}

/**
 * What KDCs of a realm have said under a key that only they and we have. Kept for as long as the process runs.
 * Something signed with a person's key cannot revoke it: that person knows the key, too, and may be the attacker in
 * between.
 */
export interface KnownArmour {
  isOffered: boolean
}

/**
 * The AS exchange (RFC 4120 3.1). `armouring`: any TGT of the realm; with it, the proof is armoured if the KDC offers
 * that (RFC 6113). The offer itself is not signed. If the realm is already known to offer it, no proof is sent without
 * armour; if that only becomes known with the reply, the reply is not accepted.
 */
export async function signIn(asked: SignIn, keyFor: KeyFor, armouring?: HeldTicket): Promise<HeldTicket> {
  const { pool, realm, client, now, armour: known, isOurs, service = ticketGrantingService(realm) } = asked
  const tillMs = now() + LIFETIME_MS
  // First without proof, to learn how the key is made; a KDC that wants none answers with the ticket at once.
  const firstNonce = newNonce()
  const unproven = writeKdcRequest(AS_REQUEST, [signatureRequest], bodyOf(asked, firstNonce, tillMs))
  const readFirst = (octets: Buffer): KdcReply | Offered => {
    if (!isKdcError(octets)) return readKdcReply(octets, AS_REPLY)
    const error = readKdcError(octets)
    if (error.code !== KDC_ERROR.preauthenticationRequired) throw refusalOf(error)
    const offered = offeredIn(error)
    if (armouring !== undefined && known.isOffered && !offered.armour) throw offerIsMissing()
    return offered
  }
  const first = await pool.ask(unproven, readFirst, { isDoubtful, isUnable }).catch(async (error: unknown) => {
    if (!isOurs && isExpiredPassword(error) && asked.service === undefined) await proveExpired(asked, keyFor, armouring)
    throw error
  })
  using key = await keyFor('infos' in first ? first.infos : etypeInfoOfReply(first))
  const opening = (reply: KdcReply, nonce: number, replyKey = key): OpenedReply => {
    const opened = openReply(reply, replyKey, KEY_USAGE.asReply)
    verifyReply(reply, opened, { nonce, realm, service, tillMs, nowMs: now(), mayRefer: false })
    if (reply.clientRealm !== realm || !sameName(reply.client, client)) throw krb5Error('mismatch', 'client')
    return opened
  }
  const heldOnceSigned = (reply: KdcReply, opened: OpenedReply, request: Buffer, couldArmour = false): HeldTicket => {
    const offer = signedOffer(opened, request, key)
    if (isOurs && offer !== undefined) known.isOffered = offer.armour
    if (couldArmour && offer?.armour === true) {
      known.isOffered = true
      throw offerIsMissing()
    }
    return held(reply, opened)
  }
  if (!('infos' in first)) {
    const opened = withKeyThatFits(() => opening(first, firstNonce))
    return heldOnceSigned(first, opened, unproven)
  }
  const nonce = newNonce()
  const counted = asked.onProof === undefined ? COUNTED : { ...COUNTED, onPut: asked.onProof }
  if (armouring !== undefined && first.armour) {
    using armour = createArmour(armouring, now())
    const body = bodyOf(asked, nonce, tillMs)
    const proofs = [encryptedChallenge(armour, key, now()), ...(first.cookie === undefined ? [] : [first.cookie])]
    const armoured = writeKdcRequest(AS_REQUEST, [writeArmoured(armour, proofs, body)], body)
    return await pool.ask(
      armoured,
      octets => {
        if (isKdcError(octets)) throw refusalOf(armouredError(readKdcError(octets), armour, nonce))
        const inClear = readKdcReply(octets, AS_REPLY)
        const response = openArmoured(inClear.padata, armour, nonce)
        using _strengthenKey = response.strengthenKey
        // Who it is about is signed in its end (RFC 6113 5.4.3).
        const { client: signed, clientRealm } = verifyFinished(response, armour, inClear.ticket)
        const reply = { ...inClear, client: signed, clientRealm }
        verifyKdcChallenge(response, armour, key)
        using replyKey = strengthened(response, key)
        const opened = opening(reply, nonce, replyKey)
        known.isOffered = true
        return held(reply, opened)
      },
      counted,
    )
  }
  const proofs = [encryptedTimestamp(key, now()), signatureRequest]
  const request = writeKdcRequest(AS_REQUEST, proofs, bodyOf(asked, nonce, tillMs))
  // Awaited here: the key ends with this function.
  return await pool.ask(
    request,
    octets => {
      refuseError(octets)
      const reply = readKdcReply(octets, AS_REPLY)
      return heldOnceSigned(reply, opening(reply, nonce), request, armouring !== undefined)
    },
    counted,
  )
}

/** A proof that is wrong counts at each KDC that gets it, towards the lock of the account; not at one that could not judge it. */
const COUNTED = { isCounted: true, isUnable } as const

/** The first step of a sign-in for an existing account: the KDC asks for a proof, and does not count it as an attempt. */
export const signInProbe = (client: PrincipalName, realm: string, now: () => number): KdcProbe => ({
  request: () => writeKdcRequest(AS_REQUEST, [], bodyOf({ client, realm }, newNonce(), now() + LIFETIME_MS)),
  read(reply) {
    if (isKdcError(reply)) readKdcError(reply)
    else readKdcReply(reply, AS_REPLY)
  },
})

function bodyOf(
  { client, realm, service = ticketGrantingService(realm) }: Pick<SignIn, 'client' | 'realm' | 'service'>,
  nonce: number,
  tillMs: number,
): Buffer {
  return writeRequestBody({ options: KDC_OPTION.forwardable, client, realm, service, nonce, tillMs })
}

/** For which there is a ticket with an expired password, too (RFC 3244 2). */
const PASSWORD_CHANGE: PrincipalName = { type: NAME_TYPE.serviceInstance, components: ['kadmin', 'changepw'] }

const isExpiredPassword = (error: unknown): boolean =>
  error instanceof KdcRefusal && error.errorCode === KDC_ERROR.passwordExpired

/**
 * MIT's KDC says that a password has expired before it has seen one: to whoever asks. Throws unless this one is the
 * account's: that it is wrong, and where the KDC does not judge it, that the account is of no use, as for one that is disabled.
 */
async function proveExpired(asked: SignIn, keyFor: KeyFor, armouring?: HeldTicket): Promise<void> {
  try {
    const { sessionKey } = await signIn({ ...asked, service: PASSWORD_CHANGE }, keyFor, armouring)
    sessionKey[Symbol.dispose]()
  } catch (error) {
    const isWrong = error instanceof KdcRefusal && error.errorCode === KDC_ERROR.preauthenticationFailed
    throw error instanceof KdcRefusal && !isWrong ? new KdcRefusal(KDC_ERROR.clientRevoked) : error
  }
}

const offerIsMissing = (): Krb5Error =>
  krb5Error('integrity', 'a KDC that knows armour (FAST) does not seem to offer it')

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
