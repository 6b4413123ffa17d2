import { randomInt } from 'node:crypto'
import { writeApRequest, writeAuthenticator } from '../protocol/ap-request.ts'
import { KEY_USAGE } from '../protocol/encryption-key.ts'
import { openReply, readKdcReply, TGS_REPLY, verifyReply } from '../protocol/kdc-reply.ts'
import { KDC_OPTION, PA, type PaData, TGS_REQUEST, writeKdcRequest, writeRequestBody } from '../protocol/kdc-request.ts'
import { krb5Error } from '../protocol/krb5-error.ts'
import { type PrincipalName, realmOfTgs, sameName, ticketGrantingService } from '../protocol/principal-name.ts'
import { LIFETIME_MS, newNonce } from './asked-of-kdc.ts'
import { type HeldTicket, held } from './held-ticket.ts'
import { isDoubtful, isUnable, refuseError } from './kdc-refusal.ts'
import { poolOf, type RealmPools } from './realm-pools.ts'

// The TGS exchange (RFC 4120 3.3) through one realm or several (RFC 6806 8):
//
//   TGT for REALM --> a KDC of REALM --> the ticket that was asked for
//                                    +-> a TGT for another realm --> a KDC of that one --> ...
//
// The TGT determines which realm is asked. KDCs decide where referrals lead, so the path is bounded: only known realms,
// none of them twice, and at most MAX_REALMS.

export interface TgsQuestion {
  readonly service: PrincipalName
  /** Its name in requests to realms other than `home`; default: the same. */
  readonly abroad?: PrincipalName
  readonly options?: number
  /** Referrals are not followed: the first one throws the `Krb5Error` `realm-unknown`. */
  readonly isNotFollowed?: boolean
  readonly additionalTicket?: Buffer
  readonly padata?: (tgt: HeldTicket, nonce: number) => readonly PaData[]
  /** Throws if the padata of the reply does not match the request. */
  readonly verify?: (padata: readonly PaData[], tgt: HeldTicket, nonce: number) => void
}

/** RFC 6806 8 asks for a limit; MIT's is the same. */
const MAX_REALMS = 10

export interface TicketGranting {
  /**
   * The ticket, from the realm that issues it. Throws `KdcRefusal`, `KdcUnreachable`, or the `Krb5Error` for which the
   * last reply was not believed.
   */
  ask(tgt: HeldTicket, question: TgsQuestion): Promise<HeldTicket>
  /** A TGT for a realm, through others if KDCs refer to them; `tgt` itself if it is for that realm. Throws as `ask`. */
  tgtFor(realm: string, tgt: HeldTicket): Promise<HeldTicket>
}

/** `home`: the realm whose KDCs are asked for services by `service`, and not by `abroad`. */
export function createTicketGranting(pools: RealmPools, home: string, now: () => number): TicketGranting {
  const askOnce = (tgt: HeldTicket, realm: string, question: TgsQuestion): Promise<HeldTicket> => {
    const { options = KDC_OPTION.forwardable, additionalTicket, padata } = question
    const service = (realm === home ? undefined : question.abroad) ?? question.service
    const isNotOurs = realm !== home || realmOfTgs(service) !== undefined
    const nonce = newNonce()
    const tillMs = now() + LIFETIME_MS
    const body = writeRequestBody({
      ...{ options, realm, service, nonce, tillMs },
      ...(additionalTicket === undefined ? {} : { additionalTicket }),
    })
    const others = padata?.(tgt, nonce) ?? []
    // Each message has a new authenticator: a KDC may refuse one that it has seen, or drop the second message.
    const message = (): Buffer => {
      const proof = { type: PA.tgsRequest, value: tgsApRequest(tgt, body, now()) }
      return writeKdcRequest(TGS_REQUEST, [proof, ...others], body)
    }
    const read = (octets: Buffer): HeldTicket => {
      refuseError(octets, code => (ABOUT_SERVICE.has(code) ? isNotOurs : tgt.ticket.realm !== realm))
      const reply = readKdcReply(octets, TGS_REPLY)
      const opened = openReply(reply, tgt.sessionKey, KEY_USAGE.tgsReply)
      verifyReply(reply, opened, { nonce, realm, service, tillMs, nowMs: now(), mayRefer: mayRefer(options, service) })
      question.verify?.(reply.padata, tgt, nonce)
      return held(reply, opened)
    }
    return poolOf(pools, realm).ask(message(), read, { isDoubtful, isUnable, again: message })
  }

  const ask = async (start: HeldTicket, question: TgsQuestion): Promise<HeldTicket> => {
    const seen = new Set<string>()
    let tgt = start
    const drop = (): void => {
      if (tgt !== start) tgt.sessionKey[Symbol.dispose]()
    }
    try {
      for (;;) {
        const realm = realmOfTgs(tgt.ticket.service)
        if (realm === undefined) throw krb5Error('mismatch', 'a ticket that is no TGT')
        if (seen.has(realm) || seen.size === MAX_REALMS) throw krb5Error('mismatch', 'referrals without end')
        seen.add(realm)
        const ticket = await askOnce(tgt, realm, question)
        // By its name, which equals the encrypted one (`verifyReply`): a referral is never taken for the ticket.
        if (sameName(ticket.ticket.service, question.service)) return ticket
        drop()
        tgt = ticket
        if (question.isNotFollowed === true) throw krb5Error('realm-unknown', 'a name of another realm')
      }
    } finally {
      drop()
    }
  }
  return {
    ask,
    tgtFor: async (realm, tgt) =>
      realmOfTgs(tgt.ticket.service) === realm ? tgt : ask(tgt, { service: ticketGrantingService(realm) }),
  }
}

/** The service has expired, is unknown or disabled (RFC 4120 7.5.9). Other errors may be about the requester's TGT. */
const ABOUT_SERVICE: ReadonlySet<number> = new Set([2, 7, 19])

/**
 * Whether a referral is an answer: if the name was to be canonicalized, or a TGT was requested, instead of which a KDC
 * may issue one for a realm on the way (RFC 4120 3.3.1).
 */
const mayRefer = (options: number, service: PrincipalName): boolean =>
  (options & KDC_OPTION.canonicalize) !== 0 || realmOfTgs(service) !== undefined

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
