import { randomBytes } from 'node:crypto'
import type { JWK } from 'jose'
import type { Authentication, Context } from 'oidc-provider'
import type { Accounts } from './accounts.ts'
import { createMemoryAdapter } from './memory-adapter.ts'
import * as pages from './pages.ts'
import { interactionPolicy } from './protocol-library.ts'

/** One factor: the password alone. */
export const passwordAcr = 'urn:torhaus:acr:pwd'
/** Two factors: password and TOTP. */
export const secondFactorAcr = 'urn:torhaus:acr:mfa'

/**
 * The resource every access token is for, unless the client names another; its tokens carry the configured audience.
 */
const defaultResource = 'urn:torhaus:resource:default'
const scopes = ['openid', 'profile', 'email', 'offline_access']
const resourceScopes = [...scopes, 'devops'].join(' ')
const hourS = 3600

export type OpClient = {
  readonly clientId: string
  /** Absent for a public client. */
  readonly clientSecret?: string
  readonly redirectUris: readonly string[]
  readonly postLogoutRedirectUris?: readonly string[]
  /** Further client metadata by its registered name: `backchannel_logout_uri` and the like. */
  readonly metadata?: Readonly<Record<string, unknown>>
}

export type OpSettings = {
  readonly accounts: Accounts
  readonly clients: readonly OpClient[]
  readonly audience: string
  readonly accessTokenLifetimeS: number
  readonly jwks: { readonly keys: JWK[] }
  /** The algorithm of the first key, which signs. */
  readonly signingAlg: string
  /** Distinguishes the cookies of two OPs on one host: cookies do not know ports (RFC 6265 section 8.5). */
  readonly cookiePrefix: string
}

/** The configuration of `oidc-provider` for these settings. */
export function opConfiguration(settings: OpSettings): Record<string, unknown> {
  const { accounts, cookiePrefix } = settings
  const identityClaims = ['sub', 'acr', 'amr', 'auth_time', ...accounts.extraClaimNames]
  return {
    adapter: createMemoryAdapter(),
    clients: settings.clients.map(client => clientMetadata(client, settings.signingAlg)),
    jwks: settings.jwks,
    scopes,
    claims: { openid: identityClaims, profile: ['name', 'preferred_username'], email: ['email', 'email_verified'] },
    acrValues: [passwordAcr, secondFactorAcr],
    // Relying parties read the account from the ID token, as they do with Keycloak and AD FS.
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    cookies: {
      names: {
        session: `${cookiePrefix}session`,
        interaction: `${cookiePrefix}interaction`,
        resume: `${cookiePrefix}resume`,
      },
      keys: [randomBytes(32).toString('base64url')],
    },
    interactions: { policy: stepUpPolicy() },
    findAccount: async (_: Context, subject: string) => {
      const user = accounts.bySubject(subject)
      return user && { accountId: subject, claims: async () => accounts.claimsOf(user) }
    },
    loadExistingGrant: grantEverythingAsked,
    extraTokenClaims: async (context: Context, token: { accountId?: string }) => {
      const user = accounts.bySubject(token.accountId ?? '')
      return user && { ...accounts.claimsOf(user), ...authenticationClaims(context) }
    },
    clientBasedCORS: () => false,
    ttl: lifetimesS(settings.accessTokenLifetimeS),
    features: features(settings),
    renderError: async (context: Context, out: { error: string; error_description?: string }) => {
      context.type = 'html'
      context.body = pages.problemPage(out.error_description ?? out.error)
    },
    // The library's own fetch refuses loopback addresses, where every client of a test lives; drop its dispatcher.
    fetch: (url: string, { dispatcher: _, ...init }: RequestInit & { dispatcher?: unknown }) => fetch(url, init),
  }
}

function clientMetadata(client: OpClient, signingAlg: string): Record<string, unknown> {
  const authentication =
    client.clientSecret === undefined
      ? { token_endpoint_auth_method: 'none' }
      : { client_secret: client.clientSecret, token_endpoint_auth_method: 'client_secret_basic' }
  return {
    client_id: client.clientId,
    ...authentication,
    redirect_uris: [...client.redirectUris],
    post_logout_redirect_uris: [...(client.postLogoutRedirectUris ?? [])],
    grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
    id_token_signed_response_alg: signingAlg,
    ...client.metadata,
  }
}

function features({ audience, accessTokenLifetimeS, signingAlg }: OpSettings): Record<string, unknown> {
  const show = (context: Context, markup: string) => {
    context.type = 'html'
    context.body = markup
  }
  return {
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: async () => defaultResource,
      useGrantedResource: async () => true,
      getResourceServerInfo: async () => ({
        audience,
        scope: resourceScopes,
        accessTokenFormat: 'jwt',
        accessTokenTTL: accessTokenLifetimeS,
        jwt: { sign: { alg: signingAlg } },
      }),
    },
    introspection: { enabled: true, allowedPolicy: async () => true },
    revocation: { enabled: true, allowedPolicy: async () => true },
    claimsParameter: { enabled: true },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: async (context: Context, form: string) => show(context, pages.signOutPage(form)),
      postLogoutSuccessSource: async (context: Context) => show(context, pages.signedOutPage()),
    },
    deviceFlow: {
      enabled: true,
      userCodeInputSource: async (context: Context, form: string, _: unknown, error?: Error) =>
        show(context, pages.deviceCodePage(form, error && 'That code is not valid. Check it and try again.')),
      userCodeConfirmSource: async (
        context: Context,
        form: string,
        client: { clientId: string },
        _: unknown,
        code: string,
      ) => show(context, pages.deviceConfirmPage(form, client.clientId, code)),
      successSource: async (context: Context) => show(context, pages.deviceDonePage()),
    },
  }
}

/** Consent is taken as given: these are the company's own clients. */
async function grantEverythingAsked(context: Context) {
  const { provider, client, account, session, params, requestParamClaims, resourceServers } = context.oidc
  const grantId = session.grantIdFor(client.clientId)
  const existing = grantId === undefined ? undefined : await provider.Grant.find(grantId)
  const grant = existing ?? new provider.Grant({ accountId: account.accountId, clientId: client.clientId })
  if (typeof params?.scope === 'string') grant.addOIDCScope(params.scope)
  grant.addOIDCClaims([...requestParamClaims])
  for (const resource of Object.keys(resourceServers)) grant.addResourceScope(resource, resourceScopes)
  await grant.save()
  return grant
}

/** What an access token says of the authentication it comes from (RFC 9068 section 2.2.1). */
function authenticationClaims(context: Context): Record<string, unknown> {
  const { AuthorizationCode, RefreshToken, DeviceCode } = context.oidc.entities
  const source: Authentication = AuthorizationCode ?? RefreshToken ?? DeviceCode ?? {}
  return { acr: source.acr, amr: source.amr, auth_time: source.authTime }
}

/**
 * Asks for sign-in again when the client wants a class of authentication the session has not reached. Once only:
 * `acr_values` is voluntary (OIDC Core 5.5.1.1), so a user without a second factor goes on with what there is.
 */
function stepUpPolicy() {
  const { Check } = interactionPolicy
  const policy = interactionPolicy.base()
  policy.get('login').checks.add(
    new Check('acr_values', 'the requested authentication class was not reached', 'login_required', ({ oidc }) => {
      const asked = typeof oidc.params?.acr_values === 'string' ? oidc.params.acr_values.split(' ') : []
      const reached = asked.length === 0 || asked.includes(oidc.acr ?? '')
      return reached || oidc.result?.login !== undefined ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT
    }),
  )
  return policy
}

function lifetimesS(accessTokenLifetimeS: number): Record<string, number> {
  return {
    AccessToken: accessTokenLifetimeS,
    AuthorizationCode: 60,
    ClientCredentials: accessTokenLifetimeS,
    DeviceCode: 600,
    IdToken: hourS,
    Interaction: hourS,
    RefreshToken: 14 * 24 * hourS,
    Session: 14 * 24 * hourS,
    Grant: 14 * 24 * hourS,
  }
}
