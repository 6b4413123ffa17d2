import type { Claims, EvidenceNames } from './claims.ts'

/** Claims about the token itself and its sign-in (OIDC Core 2, RFC 7519 4.1), which are never taken from userinfo. */
const OF_TOKENS = [
  ...['iss', 'sub', 'aud', 'exp', 'iat', 'nbf', 'jti', 'azp', 'nonce', 'sid', 'at_hash', 'c_hash', 's_hash'],
  ...['acr', 'acrs', 'amr', 'auth_time'],
]

/** The claims of a userinfo response that may stand in for ones the ID token lacks: of the person alone. */
export function personClaims(userinfo: Claims, { acr, acrs, amr, authTime }: EvidenceNames): Claims {
  const others = new Set([...OF_TOKENS, ...[acr, acrs, authTime, ...amr].map(name => name.split('.')[0] ?? '')])
  return Object.fromEntries(Object.entries(userinfo).filter(([name]) => !others.has(name)))
}
