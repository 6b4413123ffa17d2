import { randomUUID } from 'node:crypto'
import {
  base64url,
  type CryptoKey,
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
} from 'jose'
import type { Accounts } from './accounts.ts'
import { secondFactorAcr } from './configuration.ts'

type SigningKey = JWK | CryptoKey | Uint8Array

export type Signer = {
  /** Signs any claims with any header; `alg: none` gives an unsigned token (RFC 7515 appendix A.5), to be refused. */
  signJwt(header: Readonly<Record<string, unknown>>, claims: JWTPayload, key?: SigningKey): Promise<string>
  /** A JWT access token (RFC 9068) with both factors; a claim overridden with `undefined` is left out. */
  issueAccessToken(userName: string, overrides?: Readonly<Record<string, unknown>>): Promise<string>
}

/** A new private RS256 key as a JWK, named by its thumbprint (RFC 7638). */
export async function newSigningKey(alg = 'RS256'): Promise<JWK> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = await exportJWK(privateKey)
  return { ...jwk, alg, use: 'sig', kid: await calculateJwkThumbprint(jwk) }
}

export function createSigner(parts: {
  readonly issuer: string
  readonly audience: string
  readonly clientId: string
  readonly lifetimeS: number
  readonly accounts: Accounts
  readonly key: JWK
  readonly now: () => number
}): Signer {
  const { issuer, audience, clientId, lifetimeS, accounts, now } = parts
  const alg = parts.key.alg ?? 'RS256'

  async function signJwt(
    header: Readonly<Record<string, unknown>>,
    claims: JWTPayload,
    key: SigningKey = parts.key,
  ): Promise<string> {
    const fullHeader: JWTHeaderParameters = { alg, ...defined({ kid: parts.key.kid, ...header }) }
    if (fullHeader.alg === 'none') {
      return `${base64url.encode(JSON.stringify(fullHeader))}.${base64url.encode(JSON.stringify(claims))}.`
    }
    const isJwk = typeof key === 'object' && 'kty' in key
    return new SignJWT(claims).setProtectedHeader(fullHeader).sign(isJwk ? await importJWK(key, fullHeader.alg) : key)
  }

  return {
    signJwt,
    async issueAccessToken(userName, overrides = {}) {
      const user = accounts.byName(userName)
      if (user === undefined) throw new TypeError(`the OpenID Provider has no user ${userName}`)
      const iat = Math.floor(now() / 1000)
      const claims = {
        iss: issuer,
        aud: audience,
        client_id: clientId,
        jti: randomUUID(),
        iat,
        exp: iat + lifetimeS,
        auth_time: iat,
        acr: secondFactorAcr,
        amr: ['pwd', 'otp', 'mfa'],
        scope: 'openid profile email',
        ...accounts.claimsOf(user),
      }
      return signJwt({ typ: 'at+jwt' }, defined({ ...claims, ...overrides }))
    },
  }
}

function defined(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined))
}
