/**
 * What Torhaus knows of a server's personal access tokens: harmless reads that say whose a token is, and what the
 * answers mean. Reads are asked in order; one that leaves the question open leads to the next.
 */
export interface PatProfile {
  /** Path below which its API lies, if the configuration names none. Default: none. */
  readonly defaultPath?: string
  readonly reads: readonly OwnerRead[]
  /** The reads say whose the JWTs are that the server itself issues, too. */
  readonly provesServerTokens?: true
}

export interface OwnerRead {
  /** Which tokens it says something of; one of which no read does cannot be asked about. Default: all. */
  readonly isFor?: (token: string) => boolean
  /** Below the path of the configuration. */
  readonly path: string
  /** Fields that carry the token as the server wants it: name, value. */
  readonly fields: (token: string) => readonly string[]
  readonly conclude: (answer: OwnerAnswer) => Conclusion
}

/** The server's answer, small and whole. */
export interface OwnerAnswer {
  readonly status: number
  /** Value of a response field; the name in lower case. */
  readonly field: (name: string) => string | undefined
  /** The content if it is JSON; otherwise undefined. */
  readonly json: unknown
}

export type Conclusion =
  /** `owner`: the account, as the server says. */
  | { readonly kind: 'owned'; readonly owner: string }
  /** The server does not know the token. */
  | { readonly kind: 'refused' }
  /** Forged, expired, revoked or of narrow scope: the server answers alike. */
  | { readonly kind: 'unreadable' }
  /** A live token, of narrow scope: the server does not say whose. */
  | { readonly kind: 'unnamed' }
  | { readonly kind: 'ask-on' }
  /** The server did not answer the question: overloaded, in maintenance, another server altogether. */
  | { readonly kind: 'away' }

export const REFUSED: Conclusion = { kind: 'refused' }
export const UNREADABLE: Conclusion = { kind: 'unreadable' }
export const UNNAMED: Conclusion = { kind: 'unnamed' }
export const ASK_ON: Conclusion = { kind: 'ask-on' }
export const AWAY: Conclusion = { kind: 'away' }

/** Nothing that could not be an account: it goes to logs, pages and rules. */
const ACCOUNT = /^[^\p{C}\p{Zl}\p{Zp}]{1,256}$/u

export function ownedBy(value: unknown): Conclusion {
  const owner = typeof value === 'string' ? value.trim() : ''
  return ACCOUNT.test(owner) ? { kind: 'owned', owner } : UNNAMED
}

/** A nested member of JSON; undefined if there is none. */
export function memberOf(json: unknown, ...names: readonly string[]): unknown {
  let value = json
  for (const name of names) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = (value as Record<string, unknown>)[name]
  }
  return value
}

export const bearerField = (token: string) => ['Authorization', `Bearer ${token}`]
