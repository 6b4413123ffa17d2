/**
 * Apache with mod_auth_openidc: browser sessions, or JWT access tokens as Bearer (checked with the certificate of the
 * OP's key, since it takes a JWK set over https only). It knows no personal access tokens.
 */
import { randomBytes } from 'node:crypto'
import type { SubjectStarter } from '../subject.ts'
import { startApache } from './apache-server.ts'

/** `auth-openidc` takes both kinds of credentials on one path; the others are the usual set-up for one of them. */
export type OpenidcKind = 'openid-connect' | 'oauth20' | 'auth-openidc'

export const apacheOpenidc =
  (kind: OpenidcKind): SubjectStarter =>
  async surroundings => {
    const { issuer, apache, certificate } = surroundings.identityProvider
    const { port } = apache
    const certificateKey = `${certificate.keyId}#${certificate.file}`
    const server = await startApache({
      ...{ surroundings, name: 'apache-openidc', port },
      modules: ['auth_openidc'],
      directives: `OIDCProviderMetadataURL ${issuer}/.well-known/openid-configuration
OIDCProviderVerifyCertFiles ${certificateKey}
OIDCClientID ${apache.id}
OIDCClientSecret ${apache.secret}
OIDCRedirectURI ${apache.redirectUri}
OIDCCryptoPassphrase ${randomBytes(24).toString('hex')}
OIDCPKCEMethod S256
OIDCScope "openid profile email"
OIDCRemoteUserClaim preferred_username
OIDCOAuthVerifyCertFiles ${certificateKey}
OIDCOAuthRemoteUserClaim preferred_username`,
      location: `AuthType ${kind}
Require valid-user`,
    })
    const page = new URL('/1k', apache.redirectUri).href
    // OIDC Core 4, initiating login from a third party: a user agent without a window would get a 401 for the page
    // itself.
    const start = `${apache.redirectUri}?iss=${encodeURIComponent(issuer)}&target_link_uri=${encodeURIComponent(page)}`
    const signInPages = kind === 'oauth20' ? undefined : { start, page }
    return { name: 'apache-openidc', port, server, signInPages, remembersSenders: true, takesBearerForPat: true }
  }
