/**
 * Access tokens of the OP (RFC 9068): fully validated, once; the verdict is remembered until the token expires, so that a
 * client that sends the same token with each request costs one signature check.
 */
import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose'
import type { Config } from '../../config/schema.ts'
import { BoundedMap } from '../bounded-map.ts'
import type { Clock } from '../clock.ts'
import { type Code, Fault } from '../errors.ts'
import type { Evidence } from '../exchange.ts'
import type { AccountMapper } from './account.ts'
import { evidenceFrom } from './claims.ts'
import type { OpKeys } from './op-keys.ts'

type BearerSettings = NonNullable<Config['oidc']['bearer']>

/** A token that is valid, and whom it speaks of. */
export interface ValidToken {
  readonly subject: string
  readonly account: string | undefined
  readonly evidence: Evidence
  /** When it is refused: its `exp`, and the tolerance for clocks that differ. */
  readonly expiresAtMs: number
}

/** A valid token, or the code that says what is wrong with it. */
export type TokenVerdict = ValidToken | Code

export class AccessTokenVerifier {
  readonly #settings: BearerSettings
  readonly #keys: OpKeys
  readonly #mapAccount: AccountMapper
  readonly #now: Clock
  readonly #verdicts: BoundedMap<string, ValidToken>

  constructor(settings: BearerSettings, keys: OpKeys, mapAccount: AccountMapper, now: Clock) {
    this.#settings = settings
    this.#keys = keys
    this.#mapAccount = mapAccount
    this.#now = now
    this.#verdicts = new BoundedMap(settings.maxCachedVerdicts)
  }

  /** Whether the token was found valid before; it may have expired since. */
  knows(token: string): boolean {
    return this.#verdicts.get(token) !== undefined
  }

  verify(token: string): TokenVerdict | Promise<TokenVerdict> {
    const known = this.#verdicts.get(token)
    if (known === undefined) return this.#validate(token)
    if (known.expiresAtMs > this.#now()) return known
    this.#verdicts.delete(token)
    return 'bearer-expired'
  }

  async #validate(token: string): Promise<TokenVerdict> {
    const { audiences, algorithms, clockToleranceSeconds } = this.#settings
    const keys = await this.#keys.keySet()
    try {
      const { payload } = await jwtVerify(token, keys.resolve, {
        issuer: keys.issuer,
        audience: [...audiences],
        algorithms: [...algorithms],
        clockTolerance: clockToleranceSeconds,
        requiredClaims: ['exp', 'iat', 'sub'],
        currentDate: new Date(this.#now()),
      })
      return this.#accept(token, payload)
    } catch (error) {
      return verificationCode(error)
    }
  }

  #accept(token: string, payload: JWTPayload): TokenVerdict {
    const { exp, iat, sub } = payload
    const latestIssue = this.#now() / 1000 + this.#settings.clockToleranceSeconds
    // jose checks that these are numbers; 1e300 is one, and no time.
    if (!Number.isSafeInteger(exp) || !Number.isSafeInteger(iat) || typeof sub !== 'string')
      return 'bearer-claim-invalid'
    if (Number(iat) > latestIssue) return 'bearer-not-yet-valid'
    const valid: ValidToken = {
      subject: sub,
      account: this.#mapAccount(payload),
      evidence: evidenceFrom(payload),
      expiresAtMs: (Number(exp) + this.#settings.clockToleranceSeconds) * 1000,
    }
    this.#verdicts.set(token, valid)
    return valid
  }
}

/** What is wrong with a token that `jwtVerify` refused. Throws `op-unreachable` where the keys and not the token are to blame. */
export function verificationCode(error: unknown): Code {
  if (error instanceof errors.JWTExpired) return 'bearer-expired'
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'aud') return 'bearer-audience-mismatch'
    return error.claim === 'nbf' && error.reason === 'check_failed' ? 'bearer-not-yet-valid' : 'bearer-claim-invalid'
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'bearer-signature-invalid'
  if (error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported)
    return 'bearer-algorithm-refused'
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    return 'bearer-key-unknown'
  if (error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid) return 'bearer-malformed'
  // What is left is the key endpoint: a timeout, a refused connection, an answer that is no key set.
  throw new Fault('op-unreachable', error)
}

/** The `iss` of a compact JWS, not verified: only good for telling tokens apart. Undefined for anything else. */
export function unverifiedIssuer(token: string): string | undefined {
  if (!token.startsWith('ey')) return undefined
  try {
    decodeProtectedHeader(token)
    const { iss } = decodeJwt(token)
    return typeof iss === 'string' ? iss : ''
  } catch {
    return undefined
  }
}
