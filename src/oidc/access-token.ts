/**
 * Validates access tokens of the OP (RFC 9068) in full, once. The verdict is remembered until the token expires or the
 * OP has other keys, so that a client that sends the same token with each request costs one signature check.
 */
import { decodeJwt, decodeProtectedHeader, errors, type JWTVerifyResult, jwtVerify } from 'jose'
import type { ProviderSettings } from '../../config/schema.ts'
import { BoundedMap } from '../bounded-map.ts'
import type { Clock } from '../clock.ts'
import { type Code, Fault } from '../errors.ts'
import type { Evidence } from '../exchange.ts'
import { type AccessTokenTypes, refusalOfType } from './access-token-type.ts'
import type { AccountMapper } from './account.ts'
import { evidenceFrom, isNumericDate, notAhead } from './claims.ts'
import { groupsIn } from './group-claims.ts'
import type { OpKeys } from './op-keys.ts'
import { whyClaimRefused, whyTypeRefused } from './token-refusal.ts'

export type AccessTokenSettings = Pick<ProviderSettings, 'accessToken' | 'clientId' | 'issuerAliases'> & {
  readonly bearer: NonNullable<ProviderSettings['bearer']>
  /** Groups are asked for. */
  readonly readsGroups: boolean
}

/** A token that is valid, and whom it speaks of. */
export interface ValidToken {
  readonly subject: string
  readonly account: string | undefined
  readonly evidence: Evidence
  /** Undefined where nobody asks for them. */
  readonly groups?: readonly string[]
  /** When it is refused: its `exp`, and the tolerance for clocks that differ. */
  readonly expiresAtMs: number
}

interface Verdict extends ValidToken {
  /** Of the keys that it was judged by. */
  readonly generation: number
}

export interface RefusedToken {
  readonly refused: Code
  /** Details for the log, if the code does not say enough. */
  readonly why: string | undefined
}

/** A valid token, or what is wrong with it. */
export type TokenVerdict = ValidToken | RefusedToken

export class AccessTokenVerifier {
  readonly #settings: AccessTokenSettings
  readonly #types: AccessTokenTypes
  readonly #keys: OpKeys
  readonly #mapAccount: AccountMapper
  readonly #now: Clock
  readonly #verdicts: BoundedMap<string, Verdict>

  constructor(settings: AccessTokenSettings, keys: OpKeys, mapAccount: AccountMapper, now: Clock) {
    const { bearer, clientId } = settings
    this.#settings = settings
    this.#types = { tokenTypes: bearer.tokenTypes, clientId }
    this.#keys = keys
    this.#mapAccount = mapAccount
    this.#now = now
    this.#verdicts = new BoundedMap(bearer.maxCachedVerdicts)
  }

  /** Whether the token was found valid before; it may have expired since. */
  knows(token: string): boolean {
    return this.#verdicts.get(token) !== undefined
  }

  verify(token: string): TokenVerdict | Promise<TokenVerdict> {
    const known = this.#verdicts.get(token)
    if (known === undefined) return this.#validate(token)
    if (known.expiresAtMs <= this.#now()) {
      this.#verdicts.delete(token)
      return refused('bearer-expired')
    }
    // The key that it was signed with may be withdrawn since.
    return this.#keys.areCurrent() && known.generation === this.#keys.generation ? known : this.#validate(token)
  }

  async #validate(token: string): Promise<TokenVerdict> {
    const { bearer, issuerAliases } = this.#settings
    const { audiences, algorithms, clockToleranceSeconds } = bearer
    const keys = await this.#keys.keySet()
    // Taken before the signature is looked at: keys that change meanwhile make the verdict an old one.
    const { generation } = this.#keys
    const verdict = await jwtVerify(token, keys.resolve, {
      issuer: [keys.issuer, ...issuerAliases],
      audience: [...audiences],
      algorithms: [...algorithms],
      clockTolerance: clockToleranceSeconds,
      requiredClaims: ['exp', 'iat', 'sub'],
      currentDate: new Date(this.#now()),
    }).then(
      verified => this.#accept(verified, generation),
      (error: unknown) => refused(verificationCode(error), whyClaimRefused(error, bearer)),
    )
    if ('refused' in verdict) this.#verdicts.delete(token)
    else this.#verdicts.set(token, verdict)
    return verdict
  }

  async #accept(verified: JWTVerifyResult, generation: number): Promise<RefusedToken | Verdict> {
    const { payload } = verified
    const { exp, iat, sub, aud } = payload
    const { accessToken, bearer } = this.#settings
    const latestIssue = this.#now() / 1000 + bearer.clockToleranceSeconds
    if (!isNumericDate(exp) || !isNumericDate(iat) || !isText(sub) || ![aud].flat().every(isText))
      return refused('bearer-claim-invalid')
    if (iat > latestIssue) return refused('bearer-not-yet-valid')
    const code = refusalOfType(verified, this.#types)
    if (code !== undefined) return refused(code, whyTypeRefused(verified, bearer))
    const said = this.#settings.readsGroups ? groupsIn(payload, accessToken.groups) : undefined
    if (said !== undefined && 'unknown' in said) return refused('bearer-groups-unknown', said.unknown)
    return {
      subject: sub,
      account: await this.#mapAccount(payload),
      evidence: notAhead(evidenceFrom(payload, accessToken), bearer.clockToleranceSeconds, this.#now()),
      ...said,
      expiresAtMs: (exp + bearer.clockToleranceSeconds) * 1000,
      generation,
    }
  }
}

const refused = (code: Code, why?: string): RefusedToken => ({ refused: code, why })

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

/** The code for a token that `jwtVerify` refused. Throws `op-unreachable` if the cause is the keys, not the token. */
export function verificationCode(error: unknown): Code {
  if (error instanceof Fault) throw error
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
  // What is left is a published key that cannot be used.
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
