import { createSecretKey, randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { createRemoteJWKSet, type JWTVerifyGetKey, jwtVerify, SignJWT } from 'jose'

/** How the server learns who comes through the proxy in front of it. */
export type ProxyIdentity =
  | {
      readonly kind: 'assertion'
      readonly field: string
      /** A function where the address is known only later. */
      readonly jwksUrl: string | (() => string)
      readonly audience: string
      readonly issuer: string | (() => string)
    }
  | { readonly kind: 'header'; readonly field: string }
  | { readonly kind: 'none' }

export type Identity = {
  readonly account: string
  readonly authentication: 'pat' | 'server-token' | 'assertion' | 'header'
  /** By a token of GitLab's: then the server answers as GitLab does. */
  readonly isOfGitLab?: true
}

export type Identifier = {
  /** Who sends these fields; undefined is answered 401, whatever the reason. */
  identify(headers: IncomingHttpHeaders): Promise<Identity | undefined>
  /** A token of this server's own, as its build agents and jobs get them. */
  issueServerToken(account: string): Promise<string>
  /** A token for objects of Git LFS, as GitLab gives them: it names no issuer. */
  issueLfsToken(account: string): Promise<string>
}

/** `iss` of the server's own tokens. */
export const serverTokenIssuer = 'urn:devops-origin:tokens'
const serverTokenLifetime = '1h'

interface LfsClaims {
  readonly data?: { readonly actor: string }
}

export function createIdentifier(
  personalAccessTokens: ReadonlyMap<string, string>,
  proxyIdentity: ProxyIdentity,
): Identifier {
  const serverKey = createSecretKey(randomBytes(32))
  const keySets = new Map<string, JWTVerifyGetKey>()

  function keySetAt(url: string): JWTVerifyGetKey {
    const known = keySets.get(url)
    if (known !== undefined) return known
    // No pause between fetches: a test rotates keys faster than any operator.
    const keySet = createRemoteJWKSet(new URL(url), { cooldownDuration: 0, timeoutDuration: 5000 })
    keySets.set(url, keySet)
    return keySet
  }

  async function assertedAccount(assertion: string, trust: ProxyIdentity & { kind: 'assertion' }) {
    const { payload } = await jwtVerify(assertion, keySetAt(resolved(trust.jwksUrl)), {
      algorithms: ['ES256'],
      issuer: resolved(trust.issuer),
      audience: trust.audience,
      requiredClaims: ['sub', 'exp'],
    })
    return payload.sub
  }

  async function fromProxy(headers: IncomingHttpHeaders): Promise<Identity | 'refused' | undefined> {
    if (proxyIdentity.kind === 'none') return undefined
    const value = headers[proxyIdentity.field.toLowerCase()]
    if (value === undefined) return undefined
    if (typeof value !== 'string') return 'refused'
    if (proxyIdentity.kind === 'header') return value === '' ? 'refused' : { account: value, authentication: 'header' }
    const account = await assertedAccount(value, proxyIdentity).catch(() => undefined)
    return account === undefined ? 'refused' : { account, authentication: 'assertion' }
  }

  async function fromToken(token: string): Promise<Identity | undefined> {
    const account = personalAccessTokens.get(token)
    if (account !== undefined)
      return { account, authentication: 'pat', ...(token.startsWith('glpat-') && { isOfGitLab: true }) }
    const verified = await jwtVerify(token, serverKey, { issuer: serverTokenIssuer }).catch(() => undefined)
    const subject = verified?.payload.sub
    if (subject !== undefined) return { account: subject, authentication: 'server-token' }
    const ofLfs = await jwtVerify<LfsClaims>(token, serverKey).catch(() => undefined)
    const actor = ofLfs?.payload.data?.actor
    return actor === undefined ? undefined : { account: actor, authentication: 'server-token' }
  }

  return {
    async identify(headers) {
      const proxied = await fromProxy(headers)
      if (proxied !== undefined) return proxied === 'refused' ? undefined : proxied
      const token = presentedToken(headers.authorization) ?? headers['private-token']
      return typeof token === 'string' ? fromToken(token) : undefined
    },
    issueServerToken: account =>
      new SignJWT({})
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .setIssuer(serverTokenIssuer)
        .setSubject(account)
        .setIssuedAt()
        .setExpirationTime(serverTokenLifetime)
        .sign(serverKey),
    issueLfsToken: actor =>
      new SignJWT({ data: { actor } } satisfies LfsClaims)
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .setIssuedAt()
        .setExpirationTime(serverTokenLifetime)
        .sign(serverKey),
  }
}

function resolved(setting: string | (() => string)): string {
  return typeof setting === 'string' ? setting : setting()
}

/** The Bearer token, or the password of Basic under any user name; scheme names know no case (RFC 9110 11.1). */
function presentedToken(authorization: string | undefined): string | undefined {
  const [, scheme = '', credentials = ''] = /^(\S+) +(\S+)$/.exec(authorization ?? '') ?? []
  if (scheme.toLowerCase() === 'bearer') return credentials
  if (scheme.toLowerCase() !== 'basic') return undefined
  const userPass = Buffer.from(credentials, 'base64').toString('utf8')
  const colon = userPass.indexOf(':')
  return colon < 0 ? undefined : userPass.slice(colon + 1)
}
