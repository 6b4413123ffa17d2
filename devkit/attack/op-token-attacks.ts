/**
 * What somebody could try to pass with who has a token of the OP that was never meant as an access token, or was not
 * meant for them.
 */
import { randomUUID } from 'node:crypto'
import { generateKeyPair, type JWTPayload } from 'jose'
import { secondFactorAcr } from '../op/configuration.ts'
import type { LyingOp } from '../op/lying-op.ts'
import { agreed } from '../torhaus/torhaus-config.ts'

export type SigningOp = Pick<LyingOp, 'issuer' | 'header' | 'publicKey' | 'sign'>

export type OpTokenAttack = {
  readonly name: string
  /** The error code that it deserves. */
  readonly code: string
  /** The Authorization field. */
  authorization(op: SigningOp): Promise<string>
}

type Changes = Readonly<Record<string, unknown>>

const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout'

/** A person with a fresh second factor, and the client id of Torhaus among the audiences, as with Entra ID. */
export function personClaims(issuer: string): JWTPayload {
  const iat = Math.floor(Date.now() / 1000)
  const person = { sub: 'subject-of-ada', preferred_username: 'ada', acr: secondFactorAcr, auth_time: iat }
  return { iss: issuer, aud: agreed.clientId, iat, exp: iat + 600, ...person }
}

const signed = async ({ issuer, header, sign }: SigningOp, typ: unknown, claims: Changes) =>
  `Bearer ${await sign({ ...header, ...(typ === undefined ? {} : { typ: typ as string }) }, { ...personClaims(issuer), ...claims })}`

/** `typ`: of the header; undefined leaves it out. */
const attack = (name: string, typ: unknown, claims: Changes, code = 'bearer-type-refused'): OpTokenAttack => ({
  name,
  code,
  authorization: op => signed(op, typ, claims),
})

const SCOPE = { scope: 'openid profile' }
const BOUND = { cnf: { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' } }

export const OP_TOKEN_ATTACKS: readonly OpTokenAttack[] = [
  attack('an ID token of a sign-in', 'JWT', { nonce: 'n', at_hash: 'h' }),
  attack('an ID token of a sign-in, without a type', undefined, { nonce: 'n' }),
  attack('an ID token of a refresh, without nonce', 'JWT', {}),
  attack('an ID token of a refresh, without nonce or type', undefined, {}),
  attack('an ID token for several audiences', 'JWT', { aud: ['devops', agreed.clientId], azp: agreed.clientId }),
  attack('an ID token with the hash of an access token', 'JWT', { at_hash: 'h', ...SCOPE }),
  attack('an ID token with the hash of a code', 'JWT', { c_hash: 'h', ...SCOPE }),
  attack('an ID token whose nonce is null', 'JWT', { nonce: null, ...SCOPE }),
  attack('an ID token with a type of its own', 'id+jwt', SCOPE),
  attack('an ID token of Keycloak', 'JWT', { typ: 'ID', azp: agreed.clientId, ...SCOPE }),
  attack('a refresh token of Keycloak', 'JWT', { typ: 'Refresh', ...SCOPE }),
  attack('an offline token of Keycloak', 'JWT', { typ: 'Offline', ...SCOPE }),
  attack('a logout token of Keycloak', 'JWT', { typ: 'Logout', ...SCOPE }),
  attack('an ID token of Keycloak that says at+jwt', 'at+jwt', { typ: 'ID', ...SCOPE }),
  attack('a token whose type claim is no text', 'JWT', { typ: ['Bearer'], ...SCOPE }),
  attack('an ID token of Cognito', 'JWT', { token_use: 'id', ...SCOPE }),
  attack('a logout token', 'logout+jwt', { jti: randomUUID(), events: { [LOGOUT_EVENT]: {} } }),
  attack('a logout token as every JWT', 'JWT', { jti: randomUUID(), events: { [LOGOUT_EVENT]: {} }, ...SCOPE }),
  attack('a logout token with its long type', 'application/logout+jwt', SCOPE),
  attack('a proof of possession', 'dpop+jwt', { htm: 'GET', htu: 'https://devops.example/', ...SCOPE }),
  attack('a security event', 'secevent+jwt', { events: {}, ...SCOPE }),
  attack('an entity statement', 'entity-statement+jwt', SCOPE),
  attack('a client assertion', 'client-authentication+jwt', SCOPE),
  attack('an empty type', '', SCOPE),
  attack('a token bound to a key', 'at+jwt', { ...SCOPE, ...BOUND }, 'bearer-sender-constrained'),
  attack(
    'a token bound to a key, of Keycloak',
    'JWT',
    { typ: 'DPoP', ...SCOPE, ...BOUND },
    'bearer-sender-constrained',
  ),
  attack(
    'a token bound to a certificate',
    'JWT',
    { ...SCOPE, cnf: { 'x5t#S256': 'bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2' } },
    'bearer-sender-constrained',
  ),
  attack('a token bound to nobody knows what', 'at+jwt', { ...SCOPE, cnf: null }, 'bearer-sender-constrained'),
  attack('audiences that are not all text', 'at+jwt', { aud: [agreed.clientId, 7] }, 'bearer-claim-invalid'),
  attack('an empty sub', 'at+jwt', { sub: '' }, 'bearer-claim-invalid'),
  attack('a sub that is a list', 'at+jwt', { sub: ['admin'] }, 'bearer-claim-invalid'),
  attack('an exp that is a list', 'at+jwt', { exp: [4_102_444_800] }, 'bearer-claim-invalid'),
  {
    name: 'a key that comes with the token',
    code: 'bearer-signature-invalid',
    async authorization({ issuer, header, sign }) {
      const { privateKey } = await generateKeyPair('RS256')
      return `Bearer ${await sign({ ...header, typ: 'at+jwt' }, personClaims(issuer), privateKey)}`
    },
  },
]
