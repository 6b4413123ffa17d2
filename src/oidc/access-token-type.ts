/**
 * Checks that a token is an access token at all. An OP signs all its JWTs as the same issuer with the same keys (RFC
 * 8725 2.8, 3.11); one meant for something else, such as an ID token in the browser's history, must not be accepted
 * here.
 */
import type { JWTPayload, JWTVerifyResult } from 'jose'
import type { Code } from '../errors.ts'

export interface AccessTokenTypes {
  /** `strict`: RFC 9068 4. `tolerant`: also those of OPs that give access tokens no type of their own. */
  readonly tokenTypes: 'strict' | 'tolerant'
  /** What our own ID tokens are for. */
  readonly clientId: string
}

const ACCESS_TOKEN = ['at+jwt', 'application/at+jwt']
const ANY_JWT = ['jwt', 'application/jwt']

/**
 * OIDC Core 3.1.3.6 and 3.3.2.11, Back-Channel Logout 1.0 2.4, RFC 8417 2.2: they stand in ID tokens, logout tokens,
 * and events.
 */
const CLAIMS_OF_OTHERS = ['nonce', 'at_hash', 'c_hash', 's_hash', 'events']

/** What an access token says of itself and no ID token does: RFC 9068 2.2, and Entra ID, AD FS, Okta for the same. */
const CLAIMS_OF_ACCESS_TOKENS = ['scope', 'scp', 'client_id', 'appid', 'cid']

/** Some OPs say the type in the content: Keycloak `typ`, Cognito `token_use`. */
const TYPE_CLAIMS = ['typ', 'token_use'] as const
const ACCESS_TOKEN_CLAIM_VALUES = ['bearer', 'access', 'access_token', ...ACCESS_TOKEN, ...ANY_JWT]

/** What speaks against a token whose signature and audience are good; undefined: nothing. */
export function refusalOfType(verified: JWTVerifyResult, { tokenTypes, clientId }: AccessTokenTypes): Code | undefined {
  const { payload, protectedHeader } = verified
  // Bound to a key or certificate (RFC 7800): presenting it as plain Bearer does not prove possession (RFC 9449 7.1,
  // RFC 8705 3).
  if ('cnf' in payload) return 'bearer-sender-constrained'
  if (!TYPE_CLAIMS.every(name => isOf(ACCESS_TOKEN_CLAIM_VALUES, payload[name] ?? 'access')))
    return 'bearer-type-refused'
  const { typ } = protectedHeader
  if (typ !== undefined && isOf(ACCESS_TOKEN, typ)) return undefined
  if (tokenTypes === 'strict' || (typ !== undefined && !isOf(ANY_JWT, typ))) return 'bearer-type-refused'
  if (CLAIMS_OF_OTHERS.some(name => name in payload)) return 'bearer-type-refused'
  return mayBeIdToken(payload, clientId) ? 'bearer-type-refused' : undefined
}

/**
 * An ID token for us can come without a nonce, too: after a refresh (OIDC Core 12.2). Then only an access token says
 * what it is.
 */
function mayBeIdToken(payload: JWTPayload, clientId: string): boolean {
  if (![payload.aud].flat().includes(clientId)) return false
  return !isOf(['bearer'], payload.typ) && !CLAIMS_OF_ACCESS_TOKENS.some(name => name in payload)
}

/** Media types have no letter case (RFC 2045 5.1). */
const isOf = (types: readonly string[], value: unknown) =>
  typeof value === 'string' && types.includes(value.toLowerCase())
