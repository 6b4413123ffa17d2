/** Why an access token is refused, and which option concerns that. This file does no I/O. */
import { decodeJwt, decodeProtectedHeader } from 'jose'
import type { ProviderSettings } from '../../config/schema.ts'
import type { Code } from '../errors.ts'
import type { Claims } from './claims.ts'
import type { Finding } from './op-findings.ts'

interface Told {
  readonly alg?: unknown
  readonly typ?: unknown
  readonly claims: Claims
}

/** Undefined: no JWT. */
function told(token: string): Told | undefined {
  try {
    const { alg, typ } = decodeProtectedHeader(token)
    return { alg, typ, claims: decodeJwt(token) }
  } catch {
    return undefined
  }
}

/** Not verified; none of what is no JWT. */
export const claimsOf = (token: string): Claims => told(token)?.claims ?? {}

/** `code`: what a request with the token would be refused with. */
export function accessTokenFinding(token: string, code: Code, settings: ProviderSettings): Finding {
  const { issuer, issuerAliases, bearer, accessToken } = settings
  const found = (option: Finding['option'], why: string): Finding => ({
    ...{ check: 'device', option },
    message: `the access token is refused, ${code}: ${why}`,
  })
  const jwt = told(token)
  if (bearer === undefined)
    return found('bearer', 'access tokens are not accepted without this section: set bearer.audiences')
  if (jwt === undefined)
    return found('deviceClientId', 'it is not a JWT: configure the OP to issue JWTs to this client')
  const { alg, typ, claims } = jwt
  const came = (name: string) => `${name}=${JSON.stringify(claims[name]) ?? 'missing'}`
  if (![issuer, ...issuerAliases].includes(String(claims.iss)))
    return found('issuerAliases', `${came('iss')}; known issuers: ${[issuer, ...issuerAliases].join(', ')}`)
  switch (code) {
    case 'bearer-audience-mismatch':
      return found('bearer', `bearer.audiences: ${came('aud')}; accepted: ${bearer.audiences.join(' ')}`)
    case 'bearer-algorithm-refused':
      return found('bearer', `bearer.algorithms: alg=${alg}; accepted: ${bearer.algorithms.join(' ')}`)
    case 'bearer-type-refused':
      return found('bearer', `bearer.tokenTypes: header typ=${typ ?? 'missing'}, ${came('typ')}`)
    case 'bearer-expired':
    case 'bearer-not-yet-valid':
      return found('bearer', `bearer.clockToleranceSeconds: ${came('iat')}, ${came('exp')}; compare the clocks`)
    case 'bearer-groups-unknown':
      return found(
        'accessToken',
        `accessToken.groups: the token must have ${accessToken.groups.join(', ')}, as lists of strings`,
      )
    case 'bearer-sender-constrained':
      return found(
        'deviceClientId',
        'it is bound to a key (cnf): configure the OP to issue plain Bearer tokens to this client',
      )
    default:
      return found('issuer', `alg=${alg}, ${came('sub')}, ${came('iat')}, ${came('exp')}`)
  }
}
