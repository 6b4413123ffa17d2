/** The options of one OpenID Provider; `schema.ts` has all others. Profiles change the defaults of some of them. */
import Type from 'typebox'
import { choice, file, flag, integer, list, requiredSection, section, text } from './option.ts'

const HOUR_S = 3600
const DAY_S = 24 * HOUR_S

/** The OP products that Torhaus knows. What is special about each is in `profiles/`. */
export const providerProfiles = ['generic', 'keycloak', 'entra', 'adfs', 'okta', 'authentik', 'lemonldap'] as const

const CLAIM = 'Name of the claim or, if there is no claim of that name, a dotted path, e.g. `realm_access.roles`.'

/** The names of the claims that Torhaus reads from one kind of token. */
const claimNames = (tokens: string) =>
  section(
    {
      acr: text('Name of the claim that is read as `acr`.', { default: 'acr' }),
      acrs: text('Name of the claim that is read as `acrs`: authentication contexts of Entra ID.', { default: 'acrs' }),
      amr: list(text(CLAIM), 'Names of the claims whose values together are read as `amr`.', { default: ['amr'] }),
      authTime: text('Name of the claim that is read as `auth_time`, in seconds since 1970.', { default: 'auth_time' }),
      groups: list(
        text(CLAIM),
        'Names of the claims whose values together are the groups and roles, for `groups` of rules and groups.require. If groups are needed for a decision and one of these claims is missing, or Entra ID has left it out because there are too many groups, the request is refused.',
        { default: [] },
      ),
      accountTemplate: Type.Optional(
        text(`The account for ${tokens}, instead of account.template: some OPs name people by other claims in them.`),
      ),
    },
    `Names of the claims in ${tokens} of this OP.`,
  )

const bearer = requiredSection(
  {
    audiences: list(text('Audience.'), 'Accepted `aud` values of access tokens (RFC 9068 4).', { minItems: 1 }),
    algorithms: list(
      choice(
        ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'],
        'JWS algorithm (RFC 7518 3.1).',
      ),
      'Accepted signature algorithms. Symmetric ones and `none` cannot be listed.',
      { default: ['RS256', 'PS256', 'ES256'], minItems: 1 },
    ),
    tokenTypes: choice(
      ['strict', 'tolerant'],
      '`strict`: only tokens with the header `typ: at+jwt` (RFC 9068 4). `tolerant`: also those with `typ: JWT` or none, as Keycloak and Entra ID issue them, unless something shows that they are ID tokens, logout tokens or the like.',
      'tolerant',
    ),
    clockToleranceSeconds: integer('How far the clock of the OP may differ for access tokens, in seconds.', {
      default: 5,
      minimum: 0,
      maximum: 300,
    }),
    maxCachedVerdicts: integer('Maximum number of verified tokens remembered until they expire, per process.', {
      default: 20_000,
      minimum: 0,
      maximum: 1_000_000,
    }),
  },
  'Access tokens of the OP that clients send as a Bearer token or as the Basic password.',
)

/** An option that weakens a proof, and so requires a reason for later readers of the configuration. */
const withReason = (description: string) =>
  Type.Optional(
    requiredSection({ reason: text('Why this is needed, for later readers of the configuration.') }, description),
  )

export const provider = requiredSection(
  {
    profile: choice(
      [...providerProfiles],
      'Which product the OP is. It changes the defaults of some options below to what that product needs (docs/providers/); options that you set take precedence.',
      'generic',
    ),
    issuer: text(
      'Issuer identifier of the OP. Its metadata is read from /.well-known/openid-configuration (OIDC Discovery 4).',
    ),
    issuerAliases: list(
      text('Issuer.'),
      'Other `iss` values in access tokens of this OP that are signed with the same keys: AD FS uses a separate issuer for them (`access_token_issuer` in its metadata), and so does Entra ID for version 1 tokens (`https://sts.windows.net/TENANT/`). They are not accepted in ID tokens.',
      { default: [] },
    ),
    clientId: text('Client identifier of Torhaus at the OP.'),
    deviceClientId: Type.Optional(
      text(
        'Client identifier of a public client at the OP for git. It must allow device authorization (RFC 8628) and PKCE, and get access tokens for oidc.bearer.audiences. With this option, `/.torhaus/git` shows how to sign in from a terminal.',
        { pattern: '^[A-Za-z0-9._~-]{1,200}$' },
      ),
    ),
    clientAuthentication: Type.Optional(
      choice(
        ['client_secret_basic', 'client_secret_basic_unencoded', 'client_secret_post', 'private_key_jwt', 'none'],
        'How Torhaus authenticates to the OP (OIDC Core 9). `client_secret_basic_unencoded`: without the form encoding of RFC 6749 2.3.1, which LemonLDAP::NG does not decode. `none`: a public client. Default: `client_secret_basic` with clientSecretFile, `private_key_jwt` with clientKeyFile, `none` without either.',
      ),
    ),
    clientSecretFile: Type.Optional(
      file('File with the client secret. PKCE is always used, with or without a client secret.'),
    ),
    clientKeyFile: Type.Optional(
      file(
        'PEM file (PKCS#8) with the private key for `private_key_jwt` (RFC 7523): RSA, EC or Ed25519. The kind of key determines the algorithm: RS256, ES256, ES384, ES512 or EdDSA.',
      ),
    ),
    clientKeyId: Type.Optional(text('The `kid` of clientKeyFile at the OP, if the OP requires one.')),
    scopes: list(
      text('Scope.'),
      'Scopes requested at sign-in. Add `offline_access` if the OP issues refresh tokens only for that scope.',
      {
        default: ['openid', 'profile'],
      },
    ),
    requestFactorBy: choice(
      ['acr_values', 'claims.acr', 'claims.acrs', 'nothing'],
      'How to request acrValues, or the acr that a rule requires: with the parameter `acr_values`, or as the essential claim `acr` or `acrs` of the ID token in the parameter `claims` (OIDC Core 5.5.1.1); never both. `nothing`: the OP supports neither and decides by its own policy.',
      'acr_values',
    ),
    acrValues: list(
      text('acr value.'),
      'The acr values requested at every sign-in (OIDC Core 3.1.2.1), in the way that requestFactorBy says. What the OP returns is checked against secondFactor.',
      {
        default: [],
      },
    ),
    claims: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description:
          'Sent as the `claims` request parameter (OIDC Core 5.5), e.g. for Entra ID authentication contexts. If a rule requires an acr, `acr` and `acrs` are removed from it for that sign-in, and requestFactorBy is used instead.',
      }),
    ),
    prompt: Type.Optional(
      text(
        'Sent as `prompt` (OIDC Core 3.1.2.1), e.g. `consent` for an OP that issues refresh tokens only after consent, or `select_account`.',
      ),
    ),
    authorizationParameters: Type.Optional(
      Type.Record(Type.String(), Type.String(), {
        description:
          'Additional parameters of the authorization request, e.g. `resource` for AD FS, `access_type: offline` for Google, `domain_hint` for Entra ID. Parameters that Torhaus sends itself are not allowed here.',
      }),
    ),
    responseMode: choice(
      ['query', 'form_post'],
      'How the OP sends the browser back: with the code in the query, or in a form (OAuth 2.0 Form Post Response Mode), which AD FS requires for additional claims in ID tokens.',
      'query',
    ),
    userinfo: flag(
      'At each sign-in and refresh, ask the userinfo endpoint (OIDC Core 5.3) for claims about the person that the ID token lacks. How and when the person signed in is only taken from the ID token.',
      false,
    ),
    idToken: claimNames('ID tokens'),
    accessToken: claimNames('access tokens'),
    policyGuaranteesFactor: withReason(
      'The policy of the OP requires a second factor for every sign-in of this client, but its tokens do not say so (AD FS, Okta). A sign-in through Torhaus then proves a second factor, and is `provider-policy` in the log and metrics. It is not enough for rules with maxAgeSeconds or acceptAcr, nor for secondFactor.lastingRights, and it does not apply to access tokens.',
    ),
    authTimeFromSignIn: withReason(
      'The OP sends no `auth_time`, or 0. Each sign-in then asks it to authenticate the person again (`prompt=login`), and the authentication is dated to the start of that sign-in. If the OP does not honour `prompt=login`, every old session at the OP counts as a fresh sign-in.',
    ),
    frontChannelLogout: flag(
      'Offer front-channel logout at `/.torhaus/frontchannel-logout` (OIDC Front-Channel Logout 1.0), for an OP without back-channel logout, which is always available.',
      false,
    ),
    frontChannelBySidAlone: flag(
      'Accept front-channel logout requests that name the session but not the issuer, as Entra ID sends them. Not possible if another provider has front-channel logout.',
      false,
    ),
    refreshIntervalSeconds: integer(
      'How often Torhaus uses the refresh token of a session to check with the OP that the user may still sign in, in seconds.',
      { default: 600, minimum: 10, maximum: DAY_S },
    ),
    refreshGraceSeconds: integer(
      'How long a session continues if the OP cannot be reached for that check, in seconds. Then it ends.',
      { default: 900, minimum: 0, maximum: DAY_S },
    ),
    keysMaxAgeSeconds: integer(
      'How old the cached keys of the OP may be, in seconds. A key that the OP has withdrawn, and what it signed, is accepted for this long, and for refreshGraceSeconds longer while the OP is unreachable. An unknown key makes Torhaus fetch the keys at once.',
      { default: 60, minimum: 10, maximum: HOUR_S },
    ),
    clockToleranceSeconds: integer(
      'How far the clock of the OP may differ for ID tokens, in seconds; for logout tokens, at least 60.',
      {
        default: 30,
        minimum: 0,
        maximum: 300,
      },
    ),
    timeoutMs: integer('How long a request to the OP may take, in milliseconds.', {
      default: 5000,
      minimum: 100,
      maximum: 60_000,
    }),
    caFile: Type.Optional(
      file('PEM file with the certificate authorities to trust for the OP, instead of the list that comes with Node.'),
    ),
    proxy: Type.Optional(
      text(
        'Proxy for requests from Torhaus to the OP, e.g. http://proxy.corp.example:3128. It does not affect browsers.',
      ),
    ),
    bearer: Type.Optional(bearer),
    title: Type.Optional(
      text('With several providers: what the page to choose a provider calls this one. Default: its name.'),
    ),
    domains: list(
      text('Domain.', { pattern: '^[A-Za-z0-9.-]+$' }),
      'With several providers: a `login_hint` in one of these domains leads to this provider.',
      { default: [] },
    ),
    accounts: Type.Optional(
      text(
        'Regular expression that must match the whole account, in any spelling; accounts that do not match are refused for this provider. With several providers, each needs this option unless account.fromSeveralProviders is true.',
      ),
    ),
  },
  'The OpenID Provider that signs people in and proves their second factor.',
)

export const providers = Type.Record(Type.String(), provider, {
  description:
    'Several OpenID Providers, instead of `oidc`: each key is a name of lower-case letters, digits and hyphens, and each value has the options of `oidc`. The redirect URI of each is `/.torhaus/callback/NAME`.',
})
