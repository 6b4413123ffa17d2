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

/** Makes the client's key from what the KDC says about it: the encryption types, and the salt for a password. */
export type KeyFor = (infos: readonly EtypeInfo[]) => Promise<EncryptionKey>

export interface SignIn {
  readonly pool: KdcPool
  readonly realm: string
  readonly client: PrincipalName
  readonly now: () => number
  readonly armour: KnownArmour
  /** Whether it is Torhaus' own account, whose key only Torhaus and the KDC know. */
  readonly isOurs: boolean
  /** Called each time a proof is sent to a KDC. */
  readonly onProof?: (() => void) | undefined
  /** What the ticket is for; default: to obtain other tickets (a TGT). */
  readonly service?: PrincipalName
}

/**
 * Whether the KDCs of a realm offer armour, as far as a signed reply has said so. Kept for as long as the process runs.
 * Only a reply signed with Torhaus' own key can revoke it: a person knows their own key, too, and may be the attacker
 * between Torhaus and the KDC.
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
  // First without a proof, to learn how the key is made; a KDC that demands none answers with the ticket at once.
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
        // The client is taken from the signed KrbFastFinished (RFC 6113 5.4.3).
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
  // Awaited here, because the key is disposed of when this function ends.
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

/** A wrong proof counts towards locking the account at each KDC that gets it, but not at one that cannot judge it. */
const COUNTED = { isCounted: true, isUnable } as const

/** The first step of a sign-in, without a proof: a KDC demands one or does not know the account; it counts nothing. */
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

/** The service for which KDCs issue tickets even if the password has expired (RFC 3244 2). */
const PASSWORD_CHANGE: PrincipalName = { type: NAME_TYPE.serviceInstance, components: ['kadmin', 'changepw'] }

const isExpiredPassword = (error: unknown): boolean =>
  error instanceof KdcRefusal && error.errorCode === KDC_ERROR.passwordExpired

/**
 * MIT's KDC says that a password has expired before it has seen a proof, to anybody. Resolves if this password is the
 * account's. Throws a `KdcRefusal`: KDC_ERR_PREAUTH_FAILED if it is wrong, or KDC_ERR_CLIENT_REVOKED, as for a disabled
 * account, if the KDC does not judge it; and what `signIn` throws otherwise.
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

/** Opens a reply to a request without a proof: if the key does not fit, the password is wrong. */
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
