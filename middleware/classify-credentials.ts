/**
 * Stage 3: what does the client present? Nothing is verified here. Tokens are told apart by shape and issuer alone, in
 * an order in which a token of the OP can never be mistaken for one that passes through; the user agent plays no part.
 *
 *   Authorization?  no  -> a token in another carrier of the product, a session cookie, or none
 *   the Bearer value, or the password of Basic:
 *     a JWS with the issuer of the OP                -> bearer        (validated fully; a failure is final)
 *     a JWS with an issuer listed as the server's    -> server-token  (passes untouched; the server may be asked about it)
 *     the shape of a personal access token           -> pat           (passes untouched)
 *     anything else: Basic                           -> basic         (a directory password)
 *                    Bearer                          -> unsupported
 *
 * A token has one carrier, or the same value in all of them: two values are refused, since only the server knows which
 * counts.
 */
import type { Config } from '../config/schema.ts'
import { Secret } from '../config/secret.ts'
import { type Decision, deny, proceed, type Stage } from '../src/decision.ts'
import type { AskableToken, Credentials, Presented, Traced } from '../src/exchange.ts'
import { type Authorization, isNtlm, parseAuthorization, parseBasic } from '../src/http/authorization.ts'
import { unverifiedIssuer } from '../src/oidc/access-token.ts'
import { whyUnknown } from '../src/oidc/token-refusal.ts'
import { type CarriedTokens, carriedTokens } from '../src/pats/carried-tokens.ts'
import type { FingerprintOf } from '../src/pats/pat-fingerprints.ts'
import { tokenCarriers, type UnnamedJwts } from '../src/pats/token-carriers.ts'
import { tokenShapeTest } from '../src/pats/token-shapes.ts'
import type { SessionCookies } from '../src/session/session-cookie.ts'

export interface ClassifySettings {
  readonly credentials: Config['credentials']
  /** Values of `iss` in access tokens of the OP. */
  readonly issuers: ReadonlySet<string>
  readonly cookies: Pick<SessionCookies, 'sessionIn'>
  /** Whether it is known to be a token of the OP. */
  readonly isValidated: (token: string) => boolean
  readonly fingerprintsOf: FingerprintOf
  /** The server can be asked about its own JWTs, too. */
  readonly asksAboutServerTokens: boolean
}

const NONE: Credentials = { scheme: 'none' }
const SERVER_TOKEN: Credentials = { scheme: 'server-token' }
const UNKNOWN_TOKEN = { scheme: 'unsupported', because: 'token-unknown' } as const satisfies Credentials
const UNKNOWN_SCHEME: Credentials = { scheme: 'unsupported', because: 'scheme-unsupported' }

export function classifyCredentials({
  credentials,
  issuers,
  cookies,
  isValidated,
  fingerprintsOf,
  asksAboutServerTokens,
}: ClassifySettings): Stage<Traced, Presented> {
  const hasPatShape = tokenShapeTest(credentials.personalAccessTokens)
  const carriers = tokenCarriers(credentials.personalAccessTokens)
  const carriedBy = carriedTokens(carriers)

  return traced => {
    const { authorization, cookie } = traced.fields.kept
    const carried = carriedBy(traced.fields, traced.target)
    if (carried !== undefined && authorization === undefined) return fromCarriers(traced, carried)
    const presented = authorization === undefined ? fromCookie(cookie) : fromAuthorization(authorization, traced)
    if (presented === undefined) return deny('authorization-malformed')
    if (carried !== undefined) return besideCarriers(traced, presented, carried)
    if (cookie === undefined || (presented.scheme !== 'negotiate' && presented.scheme !== 'basic'))
      return proceed({ ...traced, credentials: presented })
    return proceed({ ...traced, credentials: presented, companionSession: cookies.sessionIn(cookie) })
  }

  function fromCarriers(traced: Traced, { values, hasOthers }: CarriedTokens): Decision<Presented> {
    const [token = '', ...more] = values
    if (more.length > 0) return deny('credentials-conflict')
    const found = fromToken(token, 'Bearer', traced)
    // An access token of the OP would go on to the server as it is.
    const isTheirs = found?.scheme === 'pat' || found?.scheme === 'server-token'
    return proceed({ ...traced, credentials: isTheirs ? found : UNKNOWN_TOKEN, carriersAgree: !hasOthers })
  }

  function besideCarriers(
    traced: Traced,
    presented: Credentials,
    { values, hasOthers }: CarriedTokens,
  ): Decision<Presented> {
    if (presented.scheme === 'server-token') return deny('credentials-conflict')
    if (presented.scheme !== 'pat') return proceed({ ...traced, credentials: presented, carriersAgree: false })
    const isSame = values.every(value => value === presented.token.reveal())
    return isSame
      ? proceed({ ...traced, credentials: presented, carriersAgree: !hasOthers })
      : deny('credentials-conflict')
  }

  function fromCookie(cookie: string | undefined): Credentials {
    const id = cookies.sessionIn(cookie)
    return id === undefined || id === '' ? NONE : { scheme: 'session', id }
  }

  function fromAuthorization(field: string, traced: Traced): Credentials | undefined {
    const authorization = parseAuthorization(field)
    if (authorization === undefined) return undefined
    switch (authorization.scheme) {
      case 'bearer':
        return fromToken(authorization.credentials, 'Bearer', traced) ?? UNKNOWN_TOKEN
      case 'basic':
        return fromBasic(authorization, traced)
      case 'negotiate':
        return isNtlm(authorization.credentials)
          ? { scheme: 'ntlm' }
          : { scheme: 'negotiate', token: authorization.credentials }
      case 'ntlm':
        return { scheme: 'ntlm' }
      case 'token':
        return carriers.tokenScheme
          ? (fromToken(authorization.credentials, 'Bearer', traced) ?? UNKNOWN_TOKEN)
          : UNKNOWN_SCHEME
      default:
        return UNKNOWN_SCHEME
    }
  }

  function fromBasic(authorization: Authorization, traced: Traced): Credentials | undefined {
    const basic = parseBasic(authorization.credentials)
    if (basic === undefined) return undefined
    // git with http.emptyAuth sends an empty user name and password to say "nothing yet".
    if (basic.username === '' && basic.password === '') return NONE
    const { username, password } = basic
    const isInUserName = carriers.userName && (password === '' || password === 'x-oauth-basic')
    return (
      fromToken(isInUserName ? username : password, 'Basic', traced) ?? {
        ...{ scheme: 'basic', username },
        password: new Secret(password),
      }
    )
  }

  function fromToken(token: string, via: 'Bearer' | 'Basic', traced: Traced): Credentials | undefined {
    // A token that was validated before need not be taken apart again to see whose it is.
    if (isValidated(token)) return { scheme: 'bearer', token, via }
    const tokenIssuer = unverifiedIssuer(token)
    if (tokenIssuer !== undefined && issuers.has(tokenIssuer)) return { scheme: 'bearer', token, via }
    if (tokenIssuer !== undefined) return fromServer(token, tokenIssuer, via, traced)
    return hasPatShape(token) ? { scheme: 'pat', ...askable(token) } : undefined
  }

  function askable(token: string): AskableToken {
    return { fingerprints: fingerprintsOf(token), token: new Secret(token) }
  }

  function fromServer(token: string, issuer: string, via: 'Bearer' | 'Basic', traced: Traced): Credentials {
    if (!isServers(issuer, via, traced))
      return { ...UNKNOWN_TOKEN, why: whyUnknown(issuer, [...issuers, ...credentials.serverTokenIssuers]) }
    // One that names no issuer is good for nothing else, reads of ours included.
    return asksAboutServerTokens && issuer !== '' ? { scheme: 'server-token', askable: askable(token) } : SERVER_TOKEN
  }

  /** Empty where the token does not say: then it is for a registry, or for objects of Git LFS, and good for nothing else. */
  function isServers(issuer: string, via: 'Bearer' | 'Basic', { readings, target }: Traced): boolean {
    if (issuer !== '') return credentials.serverTokenIssuers.includes(issuer)
    const paths = readings?.paths ?? [target.path]
    const isMeant = (carrier: UnnamedJwts) => carrier.via.includes(via) && paths.every(path => carrier.path.test(path))
    return carriers.unnamedJwts.some(isMeant)
  }
}
