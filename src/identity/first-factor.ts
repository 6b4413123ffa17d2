/**
 * People whom the directory vouches for, by a Kerberos ticket or a password. That is one factor, unless the ticket
 * proves more; whether it suffices is decided elsewhere.
 */
import type { Config } from '../../config/schema.ts'
import type { Clock } from '../clock.ts'
import { type Code, Fault } from '../errors.ts'
import type { Credentials, Evidence, Principal, TicketEvidence } from '../exchange.ts'
import type { CanonicalPrincipal } from '../kerberos/canonical-principal.ts'
import type { Directory } from '../kerberos/directory.ts'
import { acceptCode, passwordCode, reasonOf } from '../kerberos/kerberos-code.ts'
import { KerberosError } from '../kerberos/kerberos-error.ts'
import type { TicketProof } from '../kerberos/ticket-proof.ts'
import { principalAccount, realmIn } from './principal-account.ts'

export interface Vouched {
  readonly principal: Extract<Principal, { kind: 'person' }>
  /** Authenticates Torhaus to the client (RFC 4559 5): name and value of a field, or empty. */
  readonly replyFields: readonly string[]
}

/** A person, or the code of the refusal; `why`: details for the log. */
export type FirstFactorVerdict =
  | Vouched
  | { readonly refused: Code; readonly why: string; readonly retryAfterSeconds?: number }

type AcceptTicket = Config['secondFactor']['acceptTicket']

export interface FirstFactorSettings {
  readonly acceptsPasswords: boolean
  readonly account: Config['account']
  /** Torhaus' own realm, whose accounts need not be qualified with it. */
  readonly realm: string
  readonly trustedRealms: readonly { readonly realm: string; readonly acceptTicket: boolean }[]
  /** What in a ticket proves a second factor. */
  readonly acceptTicket: AcceptTicket
}

export class FirstFactor {
  readonly #directory: Directory
  readonly #acceptsPasswords: boolean
  readonly #account: Config['account']
  readonly #realm: string
  readonly #acceptTicket: AcceptTicket
  /** Realms whose statements about a second factor are accepted. */
  readonly #provingRealms: ReadonlySet<string>
  readonly #now: Clock

  constructor(
    directory: Directory,
    { acceptsPasswords, account, realm, trustedRealms, acceptTicket }: FirstFactorSettings,
    now: Clock,
  ) {
    this.#directory = directory
    this.#acceptsPasswords = acceptsPasswords
    this.#account = account
    this.#realm = realm
    this.#acceptTicket = acceptTicket
    this.#provingRealms = new Set([realm, ...trustedRealms.flatMap(one => (one.acceptTicket ? one.realm : []))])
    this.#now = now
  }

  /** `isForwarded`: by a trusted proxy, which terminated the client's TLS. */
  async byNegotiate(
    { token }: Extract<Credentials, { scheme: 'negotiate' }>,
    isForwarded: boolean,
  ): Promise<FirstFactorVerdict> {
    try {
      const { principal, replyToken, proof } = await this.#directory.accept(decodeToken(token), isForwarded)
      const replyFields =
        replyToken === undefined ? [] : ['WWW-Authenticate', `Negotiate ${replyToken.toString('base64')}`]
      const person = this.#person(principal, 'negotiate')
      const withProof = proof && this.#withProof(person, proof, realmIn(principal))
      return { principal: withProof ?? person, replyFields }
    } catch (error) {
      return { refused: acceptCode(error), why: reasonOf(error) }
    }
  }

  async byPassword(
    { username, password }: Extract<Credentials, { scheme: 'basic' }>,
    address: string,
  ): Promise<FirstFactorVerdict> {
    if (!this.#acceptsPasswords) return { refused: 'password-unavailable', why: 'kerberos.passwords.accept is false' }
    try {
      const principal = await this.#directory.checkPassword(username, password.reveal(), address)
      return { principal: this.#person(principal, 'basic'), replyFields: [] }
    } catch (error) {
      // The store counts attempts: without it, nobody may try a password.
      if (error instanceof Fault) throw error
      const retryAfterMs = error instanceof KerberosError ? error.retryAfterMs : undefined
      const refusal = { refused: passwordCode(error), why: reasonOf(error) }
      return retryAfterMs === undefined ? refusal : { ...refusal, retryAfterSeconds: Math.ceil(retryAfterMs / 1000) }
    }
  }

  /** Adds the groups in the ticket and, if an accepted KDC states a second factor, when that was: not just now. */
  #withProof(person: Vouched['principal'], proof: TicketProof, realm: string): Vouched['principal'] {
    const ticket = this.#provingRealms.has(realm) ? evidenceIn(proof, this.#acceptTicket) : undefined
    const authTime = Math.floor(proof.authTimeMs / 1000)
    const evidence = ticket === undefined ? person.evidence : { ...person.evidence, authTime, ticket }
    return { ...person, evidence, ...(proof.sids === undefined ? {} : { groups: proof.sids }) }
  }

  #person(principal: CanonicalPrincipal, firstFactor: NonNullable<Evidence['firstFactor']>): Vouched['principal'] {
    const authTime = Math.floor(this.#now() / 1000)
    return {
      kind: 'person',
      subject: principal,
      account: principalAccount(principal, this.#account, this.#realm),
      evidence: { acr: undefined, acrs: [], amr: [], authTime, firstFactor },
    }
  }
}

/** What in the ticket proves a second factor; undefined: nothing, or a service obtained it without the person. */
function evidenceIn(
  { sids = [], indicators, isByService }: TicketProof,
  accept: AcceptTicket,
): TicketEvidence | undefined {
  if (isByService) return undefined
  const proving = {
    indicators: indicators.filter(indicator => accept.indicators.includes(indicator)),
    sids: sids.filter(sid => accept.sids.includes(sid)),
  }
  return proving.indicators.length + proving.sids.length === 0 ? undefined : proving
}

/** RFC 4559 4.2: base64. What is none becomes an empty token, which nobody accepts. */
function decodeToken(token: string): Buffer {
  const octets = Buffer.from(token, 'base64')
  // Node skips characters outside the alphabet, stops at padding, and accepts base64url as well.
  const length = token.length - (token.endsWith('==') ? 2 : Number(token.endsWith('=')))
  const isWhole = length % 4 !== 1 && octets.length === Math.floor((length * 3) / 4)
  return isWhole && !token.includes('-') && !token.includes('_') ? octets : Buffer.alloc(0)
}
