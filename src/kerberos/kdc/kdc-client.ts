import { randomInt } from 'node:crypto'
import { writeApRequest, writeAuthenticator } from '../protocol/ap-request.ts'
import { field, integer, sequence, time } from '../protocol/der-writer.ts'
import { writeEncryptedData } from '../protocol/encrypted-data.ts'
import { type EncryptionKey, KEY_USAGE } from '../protocol/encryption-key.ts'
import { type EtypeInfo, etypeInfoOfError, etypeInfoOfReply } from '../protocol/etype-info.ts'
import { isKdcError, KDC_ERROR, readKdcError } from '../protocol/kdc-error.ts'
import {
  AS_REPLY,
  type KdcReply,
  type OpenedReply,
  openReply,
  readKdcReply,
  TGS_REPLY,
  verifyReply,
} from '../protocol/kdc-reply.ts'
import {
  AS_REQUEST,
  KDC_OPTION,
  PA,
  type PaData,
  TGS_REQUEST,
  writeKdcRequest,
  writeRequestBody,
} from '../protocol/kdc-request.ts'
import { Krb5Error, krb5Error } from '../protocol/krb5-error.ts'
import { NAME_TYPE, type PrincipalName, sameName, ticketGrantingService } from '../protocol/principal-name.ts'
import { forUser, resourceBasedDelegation, s4uX509User } from '../protocol/s4u-padata.ts'
import type { Ticket } from '../protocol/ticket.ts'
import type { KdcPool, KdcProbe } from './kdc-pool.ts'

/** The KDC refused, by a code of RFC 4120 7.5.9. */
export class KdcRefusal extends Error {
  override readonly name = 'KdcRefusal'
  readonly errorCode: number

  constructor(errorCode: number) {
    super(`KRB-ERROR ${errorCode}`)
    this.errorCode = errorCode
  }
}

/** A ticket and what its holder knows about it. Its key is the holder's to dispose of. */
export interface HeldTicket {
  readonly ticket: Ticket
  readonly sessionKey: EncryptionKey
  readonly clientRealm: string
  readonly client: PrincipalName
  readonly flags: number
  readonly endTimeMs: number
}

export interface KdcClientOptions {
  readonly pool: KdcPool
  readonly realm: string
  readonly now: () => number
}

export interface KdcClient {
  /**
   * A TGT (RFC 4120 3.1); `keyFor` makes the client's key from what the KDC says about it, for a password from its
   * salt.
   */
  signIn(client: PrincipalName, keyFor: (infos: readonly EtypeInfo[]) => Promise<EncryptionKey>): Promise<HeldTicket>
  /** A ticket for a service in the holder's own name (RFC 4120 3.3). */
  serviceTicket(tgt: HeldTicket, service: PrincipalName): Promise<HeldTicket>
  /**
   * A ticket for ourselves in the name of a user (MS-SFU 3.1.5.1.1). An enterprise name is one that the KDC is to
   * resolve (RFC 6806 5).
   */
  s4u2self(tgt: HeldTicket, user: PrincipalName): Promise<HeldTicket>
  /** A ticket for a service in the name of the user of the evidence (MS-SFU 3.1.5.2.1). */
  s4u2proxy(tgt: HeldTicket, evidence: HeldTicket, service: PrincipalName): Promise<HeldTicket>
}

/** What is asked for; the KDC's own limit decides. */
const LIFETIME_MS = 24 * 3_600_000

interface TgsQuestion {
  readonly service: PrincipalName
  readonly options?: number
  readonly additionalTicket?: Buffer
  readonly padata?: (nonce: number) => readonly PaData[]
}

/** Throws `KdcRefusal`, `KdcUnreachable`, or the `Krb5Error` for which the last reply was not believed. */
export function createKdcClient({ pool, realm, now }: KdcClientOptions): KdcClient {
  const askTgs = (tgt: HeldTicket, question: TgsQuestion): Promise<HeldTicket> => {
    const { service, options = KDC_OPTION.forwardable, additionalTicket, padata } = question
    const nonce = newNonce()
    const body = writeRequestBody({
      ...{ options, realm, service, nonce, tillMs: now() + LIFETIME_MS },
      ...(additionalTicket === undefined ? {} : { additionalTicket }),
    })
    const proof = { type: PA.tgsRequest, value: tgsApRequest(tgt, body, now()) }
    const request = writeKdcRequest(TGS_REQUEST, [proof, ...(padata?.(nonce) ?? [])], body)
    return pool.ask(request, octets => {
      refuseError(octets)
      const reply = readKdcReply(octets, TGS_REPLY)
      const opened = openReply(reply, tgt.sessionKey, KEY_USAGE.tgsReply)
      verifyReply(reply, opened, { nonce, realm, service })
      return held(reply, opened)
    })
  }

  return {
    async signIn(client, keyFor) {
      const service = ticketGrantingService(realm)
      const bodyWith = (nonce: number) =>
        writeRequestBody({
          ...{ options: KDC_OPTION.forwardable, client, realm, service, nonce },
          tillMs: now() + LIFETIME_MS,
        })
      // First without proof, to learn how the key is made; a KDC that wants none answers with the ticket at once.
      const firstNonce = newNonce()
      const first = await pool.ask(writeKdcRequest(AS_REQUEST, [], bodyWith(firstNonce)), octets => {
        if (!isKdcError(octets)) return readKdcReply(octets, AS_REPLY)
        const error = readKdcError(octets)
        if (error.code !== KDC_ERROR.preauthenticationRequired) throw new KdcRefusal(error.code)
        return etypeInfoOfError(error)
      })
      using key = await keyFor('infos' in first ? first.infos : etypeInfoOfReply(first))
      const opening = (reply: KdcReply, nonce: number): HeldTicket => {
        const opened = openReply(reply, key, KEY_USAGE.asReply)
        verifyReply(reply, opened, { nonce, realm, service })
        if (reply.clientRealm !== realm || !sameName(reply.client, client)) throw krb5Error('mismatch', 'client')
        return held(reply, opened)
      }
      if (!('infos' in first)) return withKeyThatFits(() => opening(first, firstNonce))
      const nonce = newNonce()
      const request = writeKdcRequest(AS_REQUEST, [encryptedTimestamp(key, now())], bodyWith(nonce))
      // Awaited here: the key ends with this function.
      return await pool.ask(request, octets => {
        refuseError(octets)
        return opening(readKdcReply(octets, AS_REPLY), nonce)
      })
    },
    async serviceTicket(tgt, service) {
      const ticket = await askTgs(tgt, { service })
      if (!isSameClient(ticket, tgt)) throw krb5Error('mismatch', 'client of a service ticket')
      return ticket
    },
    async s4u2self(tgt, user) {
      const evidence = await askTgs(tgt, {
        service: tgt.client,
        options: KDC_OPTION.forwardable | (user.type === NAME_TYPE.enterprise ? KDC_OPTION.canonicalize : 0),
        padata: nonce => [forUser(user, realm, tgt.sessionKey), s4uX509User(user, realm, nonce, tgt.sessionKey)],
      })
      // The name beside the ticket stands in clear: whom it is about is read inside (evidence-names.ts).
      if (evidence.clientRealm !== realm) throw krb5Error('mismatch', 'realm of an evidence ticket')
      return evidence
    },
    async s4u2proxy(tgt, evidence, service) {
      const ticket = await askTgs(tgt, {
        service,
        options: KDC_OPTION.forwardable | KDC_OPTION.clientInAdditionalTicket,
        additionalTicket: evidence.ticket.octets,
        padata: () => [resourceBasedDelegation()],
      })
      if (!isSameClient(ticket, evidence)) throw krb5Error('mismatch', 'client of a delegated ticket')
      return ticket
    },
  }
}

/** The first step of a sign-in, of an account that is there: it wants a proof then, which counts as no attempt. */
export const signInProbe = (client: PrincipalName, realm: string, now: () => number): KdcProbe => ({
  request() {
    const [service, tillMs] = [ticketGrantingService(realm), now() + LIFETIME_MS]
    const nonce = newNonce()
    const asked = { options: KDC_OPTION.forwardable, client, realm, service, tillMs, nonce }
    return writeKdcRequest(AS_REQUEST, [], writeRequestBody(asked))
  },
  read(reply) {
    if (isKdcError(reply)) readKdcError(reply)
    else readKdcReply(reply, AS_REPLY)
  },
})

/** Positive as a signed number, for KDCs that read it as one. */
const newNonce = (): number => randomInt(1, 0x7fff_ffff)

function refuseError(octets: Buffer): void {
  if (isKdcError(octets)) throw new KdcRefusal(readKdcError(octets).code)
}

const held = (
  { ticket, clientRealm, client }: KdcReply,
  { sessionKey, flags, endTimeMs }: OpenedReply,
): HeldTicket => ({
  ...{ ticket, sessionKey, clientRealm, client, flags, endTimeMs },
})

const isSameClient = (a: HeldTicket, b: HeldTicket): boolean =>
  a.clientRealm === b.clientRealm && sameName(a.client, b.client)

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

/** The AP-REQ of a TGS request, whose authenticator covers the body (RFC 4120 7.5.1, usages 6 and 7). */
function tgsApRequest({ ticket, sessionKey, clientRealm, client }: HeldTicket, body: Buffer, nowMs: number): Buffer {
  const octets = sessionKey.checksum(KEY_USAGE.tgsRequestChecksum, body)
  const authenticator = writeAuthenticator({
    ...{ realm: clientRealm, client, timeMs: nowMs },
    checksum: { type: sessionKey.enctype.checksumType, octets },
    microseconds: (nowMs % 1000) * 1000 + randomInt(1000),
  })
  const cipher = sessionKey.encrypt(KEY_USAGE.tgsRequestAuthenticator, authenticator)
  return writeApRequest(0, ticket.octets, sessionKey.enctype.number, cipher)
}
