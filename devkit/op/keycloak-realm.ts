/**
 * A realm as docs/providers/keycloak.md makes it, step by step: what is clicked there is written here, in the names of
 * Keycloak's representations.
 */
import type { torhausAddresses } from '../torhaus/torhaus-config.ts'
import type { Keycloak } from './keycloak.ts'
import type { Credentials } from './user-agent.ts'

export interface RealmOptions {
  readonly name: string
  readonly clientSecret: string
  readonly addresses: ReturnType<typeof torhausAddresses>[]
  readonly users: readonly Credentials[]
}

/** Of access tokens, and the name of the scope that puts it there. */
const AUDIENCE = 'devops'
const FLOW = 'browser with levels'
const CODE_ALWAYS = 'code always'
/** The levels of the page, by the names that `acr` gives them. */
const LEVELS = { pwd: 1, mfa: 2 }

export async function createRealm(keycloak: Keycloak, options: RealmOptions): Promise<void> {
  const { name, users } = options
  await keycloak.admin('POST', 'realms', {
    ...{ realm: name, enabled: true, sslRequired: 'none' },
    // Step 1.
    attributes: { 'acr.loa.map': JSON.stringify(LEVELS) },
    // Step 2.
    ...{ authenticationFlows: flows(), authenticatorConfig: levels(), browserFlow: FLOW },
    users: users.map(userOf),
  })
  await allowEnrolment(keycloak, name, false)
  // Step 6.
  await keycloak.admin('POST', `realms/${name}/client-scopes`, audienceScope)
  // Steps 3 to 5.
  await keycloak.admin('POST', `realms/${name}/clients`, torhausClient(options))
  // Step 7.
  const made = (await keycloak.admin('GET', `realms/${name}/authentication/flows`)) as { id: string; alias: string }[]
  const browser = made.find(({ alias }) => alias === CODE_ALWAYS)?.id
  const git = { ...gitClient, authenticationFlowBindingOverrides: { browser } }
  await keycloak.admin('POST', `realms/${name}/clients`, git)
}

/** Step 2, last sentence: whether somebody who has no code generator yet may set one up while they sign in. */
export async function allowEnrolment(keycloak: Keycloak, realm: string, enabled: boolean): Promise<void> {
  const path = `realms/${realm}/authentication/required-actions/CONFIGURE_TOTP`
  const action = (await keycloak.admin('GET', path)) as object
  await keycloak.admin('PUT', path, { ...action, enabled })
}

function flows() {
  const step = (authenticator: string, priority: number, more: object) => ({
    ...{ authenticator, priority, userSetupAllowed: false, autheticatorFlow: false, ...more },
  })
  const flow = (flowAlias: string, priority: number, requirement: string) => ({
    ...{ flowAlias, priority, requirement, userSetupAllowed: false, autheticatorFlow: true },
  })
  const level = (name: string) =>
    step('conditional-level-of-authentication', 10, { requirement: 'REQUIRED', authenticatorConfig: name })
  const made = (alias: string, topLevel: boolean, ...authenticationExecutions: object[]) => ({
    ...{ alias, providerId: 'basic-flow', topLevel, builtIn: false, authenticationExecutions },
  })
  const required = { requirement: 'REQUIRED' }
  return [
    made(FLOW, true, step('auth-cookie', 10, { requirement: 'ALTERNATIVE' }), flow('levels', 20, 'ALTERNATIVE')),
    made('levels', false, flow('password', 10, 'CONDITIONAL'), flow('code', 20, 'CONDITIONAL')),
    made('password', false, level('pwd'), step('auth-username-password-form', 20, required)),
    made('code', false, level('mfa'), step('auth-otp-form', 20, required)),
    made(CODE_ALWAYS, true, flow('both', 10, 'CONDITIONAL')),
    made(
      'both',
      false,
      level('mfa'),
      step('auth-username-password-form', 20, required),
      step('auth-otp-form', 30, required),
    ),
  ]
}

const levels = () =>
  Object.entries(LEVELS).map(([alias, level]) => ({
    alias,
    config: { 'loa-condition-level': String(level), 'loa-max-age': '36000' },
  }))

function userOf({ name, password, totpSecret }: Credentials) {
  const code = { subType: 'totp', digits: 6, counter: 0, period: 30, algorithm: 'HmacSHA1', secretEncoding: 'BASE32' }
  return {
    ...{ username: name, enabled: true, email: `${name}@example.com`, emailVerified: true },
    ...{ firstName: name, lastName: 'Example' },
    credentials: [
      { type: 'password', value: password, temporary: false },
      ...(totpSecret === undefined
        ? []
        : [{ type: 'otp', credentialData: JSON.stringify(code), secretData: JSON.stringify({ value: totpSecret }) }]),
    ],
  }
}

const torhausClient = ({ clientSecret, addresses }: RealmOptions) => ({
  ...{ clientId: 'torhaus', secret: clientSecret, publicClient: false, standardFlowEnabled: true },
  ...{ directAccessGrantsEnabled: false, implicitFlowEnabled: false, serviceAccountsEnabled: false },
  redirectUris: addresses.map(({ redirectUri }) => redirectUri),
  frontchannelLogout: false,
  attributes: {
    'post.logout.redirect.uris': addresses.map(({ postLogoutRedirectUri }) => postLogoutRedirectUri).join('##'),
    'pkce.code.challenge.method': 'S256',
    'backchannel.logout.url': addresses[0]?.backChannelLogoutUri,
    'backchannel.logout.session.required': 'true',
  },
})

const gitClient = {
  defaultClientScopes: ['basic', 'acr', 'profile', AUDIENCE],
  ...{ clientId: 'git', publicClient: true, standardFlowEnabled: true, directAccessGrantsEnabled: false },
  redirectUris: ['http://127.0.0.1/*'],
  attributes: {
    'oauth2.device.authorization.grant.enabled': 'true',
    'pkce.code.challenge.method': 'S256',
  },
}

const audienceScope = {
  ...{ name: AUDIENCE, protocol: 'openid-connect', attributes: { 'include.in.token.scope': 'false' } },
  protocolMappers: [
    {
      ...{ name: AUDIENCE, protocol: 'openid-connect', protocolMapper: 'oidc-audience-mapper' },
      config: { 'included.custom.audience': AUDIENCE, 'access.token.claim': 'true', 'id.token.claim': 'false' },
    },
  ],
}
