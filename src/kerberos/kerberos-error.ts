/** What went wrong, in words that stay the same: callers branch on these, never on the text of a message. */
export type KerberosErrorCode =
  /** The directory has no such account. */
  | 'client-unknown'
  /** Disabled, or not allowed to sign in now or from here; also locked, if the KDC does not say which. */
  | 'client-disabled'
  | 'client-locked'
  /** The account, not its password. */
  | 'client-expired'
  /** The account, or our service account, may not be delegated to that service. */
  | 'delegation-refused'
  /** The directory has no such service principal. */
  | 'service-unknown'
  /** The same token was presented before. */
  | 'replay'
  /** Not a token, too long, or a ticket or authenticator in it is malformed, altered or contradictory. */
  | 'token-defective'
  /** The client speaks NTLM inside Negotiate. */
  | 'ntlm'
  /** The client wants a second leg; HTTP requests are stateless here, one leg is all there is. */
  | 'continue-needed'
  | 'clock-skew'
  /** The token was made for another TLS connection, or names none although one is required. */
  | 'bindings-mismatch'
  | 'kdc-unreachable'
  /** Something answered on the KDC's port, but not with Kerberos. */
  | 'kdc-reply-invalid'
  /** No KDC call was tried: the circuit is open after repeated failures. */
  | 'kdc-circuit-open'
  /** More calls wait than the bound allows. */
  | 'overloaded'
  /** The ticket is for another service, or our keytab lacks the key version it was made with. */
  | 'wrong-service-key'
  | 'password-wrong'
  | 'password-expired'
  | 'password-must-change'
  /** Not tried: too many failures of this account or address. */
  | 'password-limited'
  /** The KDC that confirmed the password does not know our key: it is not our directory. */
  | 'kdc-not-genuine'
  | 'credentials-expired'
  /** Our own service account was refused: keytab missing, unreadable or outdated. */
  | 'service-credential-refused'
  | 'foreign-realm'
  | 'principal-malformed'
  /** The ticket is for another account or UPN than the requested one; nothing was sent. */
  | 'identity-mismatch'
  | 'internal'

/** Which step failed. */
export type KerberosOperation =
  | 'accept'
  | 'service-credential'
  | 's4u2self'
  | 'initiate'
  | 'password'
  | 'password-proof'
  | 'name'
  | 'gate'

export type KerberosErrorDetail = {
  /** For logs; it holds no secret. */
  readonly text?: string
  /** When a new attempt makes sense. */
  readonly retryAfterMs?: number
  readonly cause?: unknown
}

/** Any failure of `src/kerberos`. Its message holds no password, token or account name. */
export class KerberosError extends Error {
  override readonly name = 'KerberosError'
  readonly code: KerberosErrorCode
  readonly operation: KerberosOperation
  readonly retryAfterMs: number | undefined

  constructor(code: KerberosErrorCode, operation: KerberosOperation, detail: KerberosErrorDetail = {}) {
    const text = detail.text === undefined ? '' : ` (${detail.text})`
    super(`${operation}: ${code}${text}`, detail.cause === undefined ? undefined : { cause: detail.cause })
    this.code = code
    this.operation = operation
    this.retryAfterMs = detail.retryAfterMs
  }
}

/** A ticket of Torhaus is no longer accepted, or was dropped: the request may be repeated with a new one. */
export const isExpired = (error: unknown): error is KerberosError =>
  error instanceof KerberosError && error.code === 'credentials-expired'

/** The principal that `find` returns; undefined if it throws a `KerberosError`, as for a name of no account here. */
export function principalOrNone<T extends string>(find: () => T): T | undefined {
  try {
    return find()
  } catch (error) {
    if (error instanceof KerberosError) return undefined
    throw error
  }
}
