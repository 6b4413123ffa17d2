/**
 * What is known about an exchange after each stage of the pipeline. A stage takes one of these types and returns the
 * next, so `tsc` enforces the order of the stages.
 *
 *   Arrival -> Connected -> Traced -> Presented -> Authenticated -> Admitted -> Mapped -> Delegated
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Secret } from '../config/secret.ts'
import type { AccountKey } from './account-key.ts'
import type { Admission } from './admission.ts'
import type { ClientClass } from './http/client-class.ts'
import type { ExchangeSpan } from './http/exchange-span.ts'
import type { RequestFields } from './http/request-fields.ts'
import type { RequestReadings } from './http/request-readings.ts'
import type { RequestTarget } from './http/request-target.ts'
import type { WrittenFields } from './http/written-fields.ts'
import type { UpgradedClient } from './listener/upgraded-client.ts'

/** A request head has been read; nothing in it is trusted yet. */
export interface Arrival {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** When the head was complete, by the monotonic clock. */
  readonly arrivedAtMs: number
  /** Set if the request is the handshake of a WebSocket (RFC 6455 4.1). */
  readonly handshake?: UpgradedClient
}

/** The head is well formed, and the client address is known. */
export interface Connected extends Arrival {
  readonly method: string
  readonly target: RequestTarget
  /** Other ways in which a server could read the request; undefined: none. */
  readonly readings: RequestReadings | undefined
  readonly fields: RequestFields
  /** Canonical client address; taken from the forwarded field only if the peer is a trusted proxy. */
  readonly clientAddress: string
  readonly peerIsTrusted: boolean
}

/** A client certificate that was accepted. */
export interface ClientCertificate {
  /** Undefined if the certificate need not name an account. */
  readonly account: string | undefined
  readonly notAfterMs: number
  /** From then on, its revocation status is unknown. */
  readonly uncheckedFromMs: number
}

export interface Traced extends Connected {
  readonly requestId: string
  /** The kind of client. It shapes refusals and metrics, and never admits a request. */
  readonly clientClass: ClientClass
  /** A browser's navigation, which may be answered with a redirect to the sign-in. */
  readonly isNavigation: boolean
  /** Only if clients may present certificates, and this one has. */
  readonly certificate?: ClientCertificate
  /** Only if spans are recorded. */
  readonly span?: ExchangeSpan
}

/** A token that the origin server can be asked about. `fingerprints`: one per key, the newest first. */
export interface AskableToken {
  readonly fingerprints: readonly string[]
  readonly token: Secret
}

export type Credentials =
  | { readonly scheme: 'none' }
  | { readonly scheme: 'session'; readonly id: string }
  /** A JWT of the OP, as Bearer or as the password of Basic. */
  | { readonly scheme: 'bearer'; readonly token: string; readonly via: 'Bearer' | 'Basic' }
  /** A JWT that, by its own words, the origin server has issued. `askable` undefined: the server is not asked. */
  | { readonly scheme: 'server-token'; readonly askable?: AskableToken }
  | ({ readonly scheme: 'pat' } & AskableToken)
  | { readonly scheme: 'basic'; readonly username: string; readonly password: Secret }
  /** A GSSAPI token (RFC 4559 4), in base64. */
  | { readonly scheme: 'negotiate'; readonly token: string }
  | { readonly scheme: 'ntlm' }
  /** `because`: the code that the challenge will carry; `why`: for the log. */
  | { readonly scheme: 'unsupported'; readonly because: 'scheme-unsupported' | 'token-unknown'; readonly why?: string }

export interface Presented extends Traced {
  readonly credentials: Credentials
  /**
   * Whether all further carriers of tokens, beside `Authorization`, carry the token of `credentials`. Undefined: there are
   * none that a configured product has.
   */
  readonly carriersAgree?: boolean
  /** Id of a session sent along with a ticket or a password: both must belong to the same person. */
  readonly companionSession?: string | undefined
}

/** Claims about how and when the person authenticated. Undefined: the OP did not say. */
export interface Evidence {
  readonly acr: string | undefined
  /** Entra ID authentication contexts. */
  readonly acrs: readonly string[]
  /** RFC 8176. */
  readonly amr: readonly string[]
  /** Seconds since the epoch. */
  readonly authTime: number | undefined
  /** Set if the directory or a certificate vouches, not the OP: for one factor, unless `ticket` says more. */
  readonly firstFactor?: 'negotiate' | 'basic' | 'certificate'
  /** What in a Kerberos ticket proves a second factor by the configuration; `authTime` is then the KDC's. */
  readonly ticket?: TicketEvidence
  /** Set if the claims prove no second factor, and the configuration says that the OP requires one of everybody. */
  readonly byPolicy?: true
}

export interface TicketEvidence {
  /** RFC 8129. */
  readonly indicators: readonly string[]
  readonly sids: readonly string[]
}

export type Principal =
  /** Nothing has been verified; `because` is the code that the challenge will carry. */
  | { readonly kind: 'anonymous'; readonly because: 'credentials-missing' | 'session-ended' }
  /**
   * The server itself checks the credentials: a personal access token, or a token it issued. `owner`: whose it is,
   * if the server has said so already; even then, the token is forwarded, and no identity by Torhaus.
   */
  | { readonly kind: 'server-checked'; readonly owner?: TokenOwner }
  /** A person the OP vouches for. `account` is mapped from the claims when the claims are verified, once. */
  | {
      readonly kind: 'person'
      readonly subject: string
      readonly account: string | undefined
      readonly evidence: Evidence
      /** From the OP or the ticket (SIDs); undefined if no option needs groups. */
      readonly groups?: readonly string[]
      /** Those of `groups` that the ticket itself names, where a session beside it has brought the others. */
      readonly ticketGroups?: readonly string[]
    }

export interface TokenOwner {
  readonly account: string
  readonly accountKey: AccountKey
}

/** Who it is, as vouched for by the OP, the directory or, for a token, the origin server. */
export function accountOf(principal: Principal | undefined): string | undefined {
  if (principal?.kind === 'person') return principal.account
  return principal?.kind === 'server-checked' ? principal.owner?.account : undefined
}

export interface Authenticated extends Presented {
  readonly principal: Principal
  /** Fields for the response, e.g. a token that authenticates Torhaus, or a new session. Name, value, name, value. */
  readonly replyFields: readonly string[]
}

/**
 * An exchange that may reach the origin server. Only the second-factor stage can make its proof, so `tsc` rejects code
 * that forwards without passing that stage, and `forward` refuses at run time what evades `tsc` with a cast.
 */
export interface Admitted extends Authenticated {
  readonly admission: Admission
  /** How it passes: a name from `middleware/require-second-factor.ts`, or the name of a rule. */
  readonly admittedBy: string
}

export interface Mapped extends Admitted {
  /** The account at the origin server; undefined if that checks the credentials itself, or nobody is signed in. */
  readonly account: string | undefined
}

/** How the exchange travels to the upstream. */
export interface Delegation {
  /** Exchanges share upstream connections only with those of the same key (RFC 4559 6). */
  readonly connectionKey: string
  /** Several people may use connections with that key. */
  readonly sharesConnection: boolean
  /** The client's own Authorization field is forwarded. */
  readonly keepsAuthorization: boolean
  /** The server's cookies are forwarded: not beside one of its tokens, which says whom the request is from. */
  readonly keepsCookies: boolean
  /**
   * Fields by which the server may attribute the request to somebody else are forwarded: not beside an identity, nor
   * beside a token unless the operator wants that.
   */
  readonly keepsCompanions: boolean
  /** Fields that carry the identity. */
  readonly fields: WrittenFields
  /** If the server binds authentication to the connection: fields for the first request of each connection. */
  readonly authenticateConnection: (() => Promise<WrittenFields>) | undefined
  /** If true, a 401 of the server is a fault between it and Torhaus, and is not relayed to the client. */
  readonly vouchesForIdentity: boolean
}

export interface Delegated extends Mapped {
  readonly delegation: Delegation
}

/** What access log and error pages can rely on: the head, and whatever later stages determined. */
export type PartialExchange = Arrival & Partial<Omit<Delegated, 'admission'>>
