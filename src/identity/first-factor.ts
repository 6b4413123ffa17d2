/**
 * People the directory vouches for: by a Kerberos ticket, or by a password. That is one factor; whether it is enough is
 * not decided here.
 */
import type { Config } from '../../config/schema.ts'
import { inLetterCase } from '../ascii-case.ts'
import type { Clock } from '../clock.ts'
import { type Code, Fault } from '../errors.ts'
import type { Credentials, Evidence, Principal } from '../exchange.ts'
import type { Directory } from '../kerberos/directory.ts'
import { acceptCode, passwordCode } from '../kerberos/kerberos-code.ts'
import { KerberosError } from '../kerberos/kerberos-error.ts'

export interface Vouched {
  readonly principal: Extract<Principal, { kind: 'person' }>
  /** Proves us to the client (RFC 4559 5): name and value of a field, or nothing. */
  readonly replyFields: readonly string[]
}

/** A person, or why not. */
export type FirstFactorVerdict = Vouched | { readonly refused: Code; readonly retryAfterSeconds?: number }

export class FirstFactor {
  readonly #directory: Directory
  readonly #acceptsPasswords: boolean
  readonly #account: Config['account']
  readonly #now: Clock

  constructor(directory: Directory, acceptsPasswords: boolean, account: Config['account'], now: Clock) {
    this.#directory = directory
    this.#acceptsPasswords = acceptsPasswords
    this.#account = account
    this.#now = now
  }

  async byNegotiate({ token }: Extract<Credentials, { scheme: 'negotiate' }>): Promise<FirstFactorVerdict> {
    try {
      const { principal, replyToken } = await this.#directory.accept(decodeToken(token))
      const replyFields =
        replyToken === undefined ? [] : ['WWW-Authenticate', `Negotiate ${replyToken.toString('base64')}`]
      return { principal: this.#person(principal, 'negotiate'), replyFields }
    } catch (error) {
      return { refused: acceptCode(error) }
    }
  }

  async byPassword(
    { username, password }: Extract<Credentials, { scheme: 'basic' }>,
    address: string,
  ): Promise<FirstFactorVerdict> {
    if (!this.#acceptsPasswords) return { refused: 'password-unavailable' }
    try {
      const principal = await this.#directory.checkPassword(username, password.reveal(), address)
      return { principal: this.#person(principal, 'basic'), replyFields: [] }
    } catch (error) {
      // The store says how many attempts there were: without it nobody may try.
      if (error instanceof Fault) throw error
      const retryAfterMs = error instanceof KerberosError ? error.retryAfterMs : undefined
      const refused = passwordCode(error)
      return retryAfterMs === undefined ? { refused } : { refused, retryAfterSeconds: Math.ceil(retryAfterMs / 1000) }
    }
  }

  #person(principal: string, firstFactor: NonNullable<Evidence['firstFactor']>): Vouched['principal'] {
    const { fromPrincipal, case: letterCase } = this.#account
    const named = fromPrincipal === 'user' ? principal.slice(0, principal.lastIndexOf('@')) : principal
    const account = inLetterCase(named, letterCase)
    const authTime = Math.floor(this.#now() / 1000)
    return {
      kind: 'person',
      subject: principal,
      account,
      evidence: { acr: undefined, acrs: [], amr: [], authTime, firstFactor },
    }
  }
}

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/

/** RFC 4559 4.2: base64. What is none becomes an empty token, which nobody accepts. */
const decodeToken = (token: string): Buffer => Buffer.from(BASE64.test(token) ? token : '', 'base64')
