import type { CanonicalPrincipal, DirectoryNames } from './canonical-principal.ts'
import { KerberosError } from './kerberos-error.ts'
import { continueNeeded, kerberosToken, MAX_TOKEN_BYTES } from './kerberos-token.ts'
import type { KeytabFile } from './keytab-file.ts'
import type { LearnNaming } from './learn-naming.ts'
import { OpenedTickets, type TrustedTicket } from './opened-tickets.ts'
import { writeAcceptReply } from './protocol/accept-reply.ts'
import {
  AP_OPTION,
  type ApRequest,
  type Authenticator,
  openAuthenticator,
  readApRequest,
  sealApReply,
  writeApReply,
} from './protocol/ap-request.ts'
import { CLOCK_SKEW_MS } from './protocol/clock-skew.ts'
import {
  apRequestIn,
  bindingsOf,
  DCE_STYLE_FLAG,
  frameApReply,
  GSS_CHECKSUM,
  gssFlagsOf,
  verifyInitiatorMic,
  writeAcceptorMic,
} from './protocol/gss-token.ts'
import { Krb5Error, krb5Error, malformed } from './protocol/krb5-error.ts'
import { isKerberosMechanism } from './protocol/object-identifiers.ts'
import { NAME_TYPE, sameName } from './protocol/principal-name.ts'
import { type NegTokenInit, readNegTokenInit, writeAcceptCompleted } from './protocol/spnego.ts'
import { TICKET_FLAG } from './protocol/ticket.ts'
import type { ReplayCache } from './replay-cache.ts'
import { type NamingRealms, ticketPrincipal } from './ticket-principal.ts'
import type { TicketProof, TicketQuestion } from './ticket-proof.ts'
import { isGoodWay } from './transited-realms.ts'

/** Who authenticated. */
export type Accepted = {
  readonly principal: CanonicalPrincipal
  /**
   * To be returned in `WWW-Authenticate: Negotiate` of the response (RFC 4559 5). Undefined for a client that neither
   * sent its token in SPNEGO nor asked for mutual authentication.
   */
  readonly replyToken?: Buffer
  /** What the ticket says, where something was asked. */
  readonly proof?: TicketProof
}

export type Acceptor = Disposable & {
  /**
   * Verifies the decoded token of `Negotiate`. Needs no KDC, except to learn once whether it issues PACs, when a ticket
   * has none. `isForwarded`: the client's TLS ended at a proxy that is trusted. Throws a `KerberosError`.
   */
  accept(token: Buffer, isForwarded?: boolean): Promise<Accepted>
}

export interface AcceptorOptions {
  readonly keytab: KeytabFile
  /**
   * `HTTP/proxy.corp.test@CORP.TEST` and further names; tickets that only other keys of the keytab open are refused.
   */
  readonly services: readonly string[]
  readonly directory: DirectoryNames
  /** What tickets have shown of realms, here or elsewhere. */
  readonly naming?: NamingRealms
  /** Asked before a ticket without PAC is taken by its name; default: nobody. */
  readonly learnNaming?: LearnNaming
  readonly replays: ReplayCache
  /** What tickets are asked about beside who it is; default: nothing. */
  readonly question?: TicketQuestion
  /** Undefined: bindings are not looked at. */
  readonly bindings?: AcceptedBindings | undefined
  /** How far clocks may differ; default 300,000. */
  readonly skewMs?: number
  readonly now: () => number
}

/** What tokens must say about the TLS connection over which they arrive. */
export interface AcceptedBindings {
  /** That of our certificate (`tlsServerEndPoint`). */
  readonly hash: Buffer
  /** Otherwise a token may name none, and one that was forwarded any. */
  readonly isRequired: boolean
}

const NO_BINDINGS = Buffer.alloc(16)

/**
 * Verifies tokens by all checks of RFC 4120 3.2.3 and RFC 4121 4.1, cheapest first and the replay cache last. Throws
 * `service-credential-refused` if the keytab has no key for our service.
 */
export function createAcceptor(options: AcceptorOptions): Acceptor {
  const { keytab, services, directory } = options
  for (const service of services) {
    if (keytab.keysOf(service).length > 0) continue
    throw new KerberosError('service-credential-refused', 'service-credential', { text: 'no key for the service' })
  }
  const tickets = new OpenedTickets(keytab, services, options.question)
  const verify = new ApRequestVerifier(options, tickets)
  const { naming = new Set() } = options
  let principals = new WeakMap<TrustedTicket, CanonicalPrincipal>()
  let realmsThatName = naming.size
  const principalOf = (ticket: TrustedTicket): CanonicalPrincipal => {
    // A realm makes PACs: its tickets without one are judged again.
    if (naming.size !== realmsThatName) principals = new WeakMap()
    realmsThatName = naming.size
    const known = principals.get(ticket)
    if (known !== undefined) return known
    const principal = ticketPrincipal(ticket, directory, naming)
    principals.set(ticket, principal)
    return principal
  }
  const accept = async (token: Buffer, isForwarded: boolean): Promise<Accepted> => {
    const { request, negotiation } = unwrap(token)
    const accepted = verify.accept(request, negotiation, isForwarded)
    const replyToken = replyTo(accepted, negotiation)
    const { proof } = accepted.ticket
    const { accountName, clientRealm } = accepted.ticket
    const learning =
      accountName === undefined && !naming.has(clientRealm) ? options.learnNaming?.(clientRealm) : undefined
    if (learning !== undefined) await learning
    const principal = principalOf(accepted.ticket)
    // From here on the key of the ticket may be disposed of.
    await options.replays.check(request.authenticator.cipher, accepted.authenticator.timeMs)
    return {
      principal,
      ...(replyToken === undefined ? {} : { replyToken }),
      ...(proof === undefined ? {} : { proof }),
    }
  }
  return {
    async accept(token, isForwarded = false) {
      try {
        return await accept(token, isForwarded)
      } catch (error) {
        throw error instanceof Krb5Error ? new KerberosError('token-defective', 'accept', { cause: error }) : error
      }
    },
    [Symbol.dispose]: () => tickets[Symbol.dispose](),
  }
}

interface Unwrapped {
  readonly request: ApRequest
  /** Undefined for a bare Kerberos token, which HTTP clients may send. */
  readonly negotiation: NegTokenInit | undefined
}

/** Reads what nearly every token is at once; all else is looked at more closely to say what it is. */
function unwrap(token: Buffer): Unwrapped {
  if (token.length > MAX_TOKEN_BYTES) throw new KerberosError('token-defective', 'accept')
  try {
    return negotiated(token)
  } catch (error) {
    if (kerberosToken(token).kind === 'spnego') throw error
    return { request: readApRequest(apRequestIn(token)), negotiation: undefined }
  }
}

function negotiated(octets: Buffer): Unwrapped {
  const negotiation = readNegTokenInit(octets)
  const { mechanisms, token } = negotiation
  const [first] = mechanisms
  // The optimistic token is of the first mechanism; another one would need a second leg, and a request has one.
  if (first === undefined || !isKerberosMechanism(first))
    throw continueNeeded('another mechanism than Kerberos comes first in the offer')
  if (token === undefined) throw continueNeeded('Kerberos is offered, and no ticket shown with it')
  return { request: readApRequest(apRequestIn(token)), negotiation }
}

interface Verified {
  readonly request: ApRequest
  readonly ticket: TrustedTicket
  readonly authenticator: Authenticator
}

class ApRequestVerifier {
  readonly #options: AcceptorOptions
  readonly #tickets: OpenedTickets
  readonly #skewMs: number

  constructor(options: AcceptorOptions, tickets: OpenedTickets) {
    this.#options = options
    this.#tickets = tickets
    this.#skewMs = options.skewMs ?? CLOCK_SKEW_MS
  }

  accept(request: ApRequest, negotiation: NegTokenInit | undefined, isForwarded: boolean): Verified {
    if ((request.options & AP_OPTION.useSessionKey) !== 0) throw malformed('user-to-user')
    const ticket = this.#tickets.open(request.ticket)
    this.#checkTicket(ticket)
    const authenticator = openAuthenticator(request, ticket.sessionKey)
    this.#checkAuthenticator(authenticator, ticket, isForwarded)
    if (negotiation?.mic !== undefined) {
      verifyInitiatorMic(authenticator.subkey ?? ticket.sessionKey, negotiation.mechanismList, negotiation.mic)
    }
    return { request, ticket, authenticator }
  }

  #checkTicket(ticket: TrustedTicket): void {
    const { flags, startTimeMs, endTimeMs, client, clientRealm } = ticket
    const nowMs = this.#options.now()
    if ((flags & TICKET_FLAG.invalid) !== 0 || startTimeMs > nowMs + this.#skewMs) {
      throw new KerberosError('clock-skew', 'accept', { text: 'the ticket is not yet valid' })
    }
    if (endTimeMs <= nowMs - this.#skewMs) throw new KerberosError('credentials-expired', 'accept')
    if (!isGoodWay(ticket, this.#options.directory)) {
      throw new KerberosError('foreign-realm', 'accept', { text: 'the way through other realms was not checked' })
    }
    // Anonymous tickets (RFC 8062) are in a realm of their own, or of a name type of their own.
    if (client.type === NAME_TYPE.wellKnown || clientRealm.startsWith('WELLKNOWN:')) {
      throw new KerberosError('principal-malformed', 'accept')
    }
  }

  #checkAuthenticator(authenticator: Authenticator, ticket: TrustedTicket, isForwarded: boolean): void {
    const { realm, client, timeMs, microseconds, checksum } = authenticator
    if (realm !== ticket.clientRealm || !sameName(client, ticket.client)) {
      throw krb5Error('mismatch', 'client of ticket and authenticator')
    }
    if (Math.abs(timeMs + microseconds / 1000 - this.#options.now()) > this.#skewMs) {
      throw new KerberosError('clock-skew', 'accept')
    }
    if (checksum?.type !== GSS_CHECKSUM) throw malformed('checksum of the authenticator')
    if ((gssFlagsOf(checksum.octets) & DCE_STYLE_FLAG) !== 0)
      throw continueNeeded('a third message is asked for (DCE style)')
    this.#checkBindings(bindingsOf(checksum.octets), isForwarded)
  }

  // A Windows client that supports bindings and sends none says so (KERB_AP_OPTIONS_CBT, MS-KILE 3.2.5.8). That is not
  // refused: curl on Windows, and so git, sends none with its first token, and there is no second.
  #checkBindings(found: Buffer, isForwarded: boolean): void {
    const { bindings } = this.#options
    if (bindings === undefined || (isForwarded && !bindings.isRequired)) return
    if (!bindings.isRequired && found.equals(NO_BINDINGS)) return
    if (!found.equals(bindings.hash)) throw new KerberosError('bindings-mismatch', 'accept')
  }
}

/** The reply to the client: an AP-REP if it asked for mutual authentication, in a NegTokenResp if it sent SPNEGO. */
function replyTo(
  { request, ticket: { sessionKey }, authenticator }: Verified,
  negotiation: NegTokenInit | undefined,
): Buffer | undefined {
  const isMutual = (request.options & AP_OPTION.mutualRequired) !== 0
  const { sequenceNumber = 0 } = authenticator
  const cipher = isMutual ? sealApReply(authenticator, sessionKey, sequenceNumber) : undefined
  const etype = sessionKey.enctype.number
  const mechanism = negotiation?.mechanisms[0]
  if (cipher !== undefined && negotiation?.mic === undefined) return writeAcceptReply(mechanism, etype, cipher)
  if (negotiation === undefined || mechanism === undefined) return undefined
  // A MIC for a MIC (RFC 4178 5).
  const key = authenticator.subkey ?? sessionKey
  const mic = negotiation.mic && writeAcceptorMic(key, negotiation.mechanismList, sequenceNumber)
  return writeAcceptCompleted(mechanism, cipher && frameApReply(writeApReply(etype, cipher)), mic)
}
