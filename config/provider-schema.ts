/** The options of one OpenID Provider, as `schema.ts` holds all others. Profiles give some of them other defaults. */
import Type from 'typebox'
import { choice, file, flag, integer, list, requiredSection, section, text } from './option.ts'

const HOUR_S = 3600
const DAY_S = 24 * HOUR_S

/** What OPs are known by, and what each does its own way: `profiles/`. */
export const providerProfiles = ['generic', 'keycloak', 'entra', 'adfs', 'okta', 'authentik', 'lemonldap'] as const

const CLAIM = 'Name of the claim; where there is none of that name, a path with dots, e.g. `realm_access.roles`.'

/** Under which names a token says what Torhaus looks for. */
const claimNames = (tokens: string) =>
  section(
    {
      acr: text('Name of the claim that is read as `acr`.', { default: 'acr' }),
      acrs: text('Name of the claim that is read as `acrs`: authentication contexts of Entra ID.', { default: 'acrs' }),
      amr: list(text(CLAIM), 'Names of the claims that are read as `amr`, all of them together.', { default: ['amr'] }),
      authTime: text('Name of the claim that is read as `auth_time`, in seconds since 1970.', { default: 'auth_time' }),
      groups: list(
        text(CLAIM),
        'Names of the claims that hold groups and roles, all of them together, for `groups` of rules and groups.require. One that is missing, or that Entra ID keeps elsewhere for there are too many, is a refusal where groups are asked for.',
        { default: [] },
      ),
      accountTemplate: Type.Optional(
        text(`The account, in place of account.template, for ${tokens}: they name people by other claims at some OPs.`),
      ),
    },
    `Under which names ${tokens} of this OP say it.`,
  )

const bearer = requiredSection(
  {
    audiences: list(text('Audience.'), 'Accepted `aud` of access tokens (RFC 9068 4).', { minItems: 1 }),
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
      '`strict`: only tokens with the header `typ: at+jwt` (RFC 9068 4). `tolerant`: also those with `typ: JWT` or none, as Keycloak and Entra ID make them, unless anything says that they are ID tokens, logout tokens or the like.',
      'tolerant',
    ),
    clockToleranceSeconds: integer('How far the clock of the OP may differ, in seconds.', {
      default: 5,
      minimum: 0,
      maximum: 300,
    }),
    maxCachedVerdicts: integer('Most verified tokens remembered until they expire, per process.', {
      default: 20_000,
      minimum: 0,
      maximum: 1_000_000,
    }),
  },
  'Access tokens of the OP that clients send as Bearer, or as the password of Basic.',
)

/** Something that weakens a proof: whoever reads the configuration later learns why. */
const withReason = (description: string) =>
  Type.Optional(requiredSection({ reason: text('Why, for those who read this later.') }, description))

export const provider = requiredSection(
  {
    profile: choice(
      [...providerProfiles],
      'Which product the OP is. Some options below then have other defaults, from its documentation (docs/providers/); what is written here comes first.',
      'generic',
    ),
    issuer: text(
      'Issuer identifier of the OpenID Provider; its metadata is read from /.well-known/openid-configuration (OIDC Discovery 4).',
    ),
    issuerAliases: list(
      text('Issuer.'),
      'Other values of `iss` in access tokens of this OP, signed with the same keys: AD FS has one of its own for them (`access_token_issuer` in its metadata), and so has Entra ID in version 1 (`https://sts.windows.net/TENANT/`). ID tokens come from the issuer alone.',
      { default: [] },
    ),
    clientId: text('Client identifier of Torhaus at the OP.'),
    deviceClientId: Type.Optional(
      text(
        'Client identifier of a public client at the OP, for git: with device authorization (RFC 8628) and PKCE, and access tokens for oidc.bearer.audiences. With it, `/.torhaus/git` shows how to sign in from a terminal.',
        { pattern: '^[A-Za-z0-9._~-]{1,200}$' },
      ),
    ),
    clientAuthentication: Type.Optional(
      choice(
        ['client_secret_basic', 'client_secret_basic_unencoded', 'client_secret_post', 'private_key_jwt', 'none'],
        'How Torhaus shows the OP that it is the client (OIDC Core 9). `client_secret_basic_unencoded`: without the form encoding of RFC 6749 2.3.1, which LemonLDAP::NG does not decode. `none`: a public client. Default: `client_secret_basic` with clientSecretFile, `private_key_jwt` with clientKeyFile, `none` without either.',
      ),
    ),
    clientSecretFile: Type.Optional(
      file('File with the client secret. PKCE is used in any case, with a client secret or without.'),
    ),
    clientKeyFile: Type.Optional(
      file(
        'PEM file (PKCS#8) with the private key for `private_key_jwt` (RFC 7523): RSA, EC or Ed25519. Its algorithm is RS256, ES256, ES384, ES512 or EdDSA, as the key is.',
      ),
    ),
    clientKeyId: Type.Optional(text('The `kid` under which the OP knows clientKeyFile, where it wants one.')),
    scopes: list(
      text('Scope.'),
      'Scopes asked for at sign-in. `offline_access` gets a refresh token where the OP wants that scope.',
      {
        default: ['openid', 'profile'],
      },
    ),
    requestFactorBy: choice(
      ['acr_values', 'claims.acr', 'claims.acrs', 'nothing'],
      'How acrValues, or the acr that a rule wants, is asked for: as the parameter `acr_values`, or as an essential claim `acr` or `acrs` of the ID token in the parameter `claims` (OIDC Core 5.5.1.1), and never by both. `nothing`: the OP takes neither, and decides by its own policy.',
      'acr_values',
    ),
    acrValues: list(
      text('acr value.'),
      'What is asked for at every sign-in (OIDC Core 3.1.2.1), by requestFactorBy. What comes back is verified by secondFactor.',
      {
        default: [],
      },
    ),
    claims: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description:
          'Sent as the `claims` request parameter (OIDC Core 5.5), e.g. for Entra ID authentication contexts. A rule that wants an acr takes `acr` and `acrs` out of it for its sign-in, and asks by requestFactorBy.',
      }),
    ),
    prompt: Type.Optional(
      text(
        'Sent as `prompt` (OIDC Core 3.1.2.1), e.g. `consent` for an OP that gives refresh tokens only after asking, or `select_account`.',
      ),
    ),
    authorizationParameters: Type.Optional(
      Type.Record(Type.String(), Type.String(), {
        description:
          'More parameters of the authorization request, e.g. `resource` for AD FS, `access_type: offline` for Google, `domain_hint` for Entra ID. Those that Torhaus sends itself cannot be here.',
      }),
    ),
    responseMode: choice(
      ['query', 'form_post'],
      'How the OP sends the browser back: with the code in the query, or in a form (OAuth 2.0 Form Post Response Mode), which AD FS wants before it puts more claims into ID tokens.',
      'query',
    ),
    userinfo: flag(
      'Ask the userinfo endpoint (OIDC Core 5.3) at each sign-in and refresh for claims of the person that the ID token lacks. How and when somebody signed in is believed from the ID token alone.',
      false,
    ),
    idToken: claimNames('ID tokens'),
    accessToken: claimNames('access tokens'),
    policyGuaranteesFactor: withReason(
      'The OP demands a second factor of every sign-in of this client, by a policy of its own, and does not say so in its tokens (AD FS, Okta): a sign-in of Torhaus proves one then, and is `provider-policy` in log and metrics. It satisfies no rule that sets maxAgeSeconds or acceptAcr, nor secondFactor.lastingRights, and no access token.',
    ),
    authTimeFromSignIn: withReason(
      'The OP sends no `auth_time`, or 0: then each sign-in asks it to authenticate anew (`prompt=login`), and counts from when it began. An OP that does not honour `prompt=login` makes every old session there a fresh sign-in here.',
    ),
    frontChannelLogout: flag(
      'Front-channel logout at `/.torhaus/frontchannel-logout` (OIDC Front-Channel Logout 1.0), for an OP without the back-channel kind, which is there in any case.',
      false,
    ),
    frontChannelBySidAlone: flag(
      'Take requests of front-channel logout that name the session and not the issuer, as Entra ID sends them, where no other provider has front-channel logout.',
      false,
    ),
    refreshIntervalSeconds: integer(
      'How often a session with a refresh token asks the OP whether the user is still welcome, in seconds.',
      { default: 600, minimum: 10, maximum: DAY_S },
    ),
    refreshGraceSeconds: integer(
      'How long a session lives on when the OP cannot be reached for that question, in seconds. After it the session ends.',
      { default: 900, minimum: 0, maximum: DAY_S },
    ),
    keysMaxAgeSeconds: integer(
      'How old the copy of the keys of the OP may be, in seconds: how long a key that the OP has withdrawn, and what it signed, is still good. A new key is asked for at once in any case. While the OP is away, refreshGraceSeconds longer.',
      { default: 60, minimum: 10, maximum: HOUR_S },
    ),
    clockToleranceSeconds: integer(
      'How far the clock of the OP may differ for ID tokens, in seconds; for logout tokens 60 at least.',
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
      file('PEM file with the certificate authorities to trust for the OP, in place of the list that comes with Node.'),
    ),
    proxy: Type.Optional(
      text('Proxy for requests of Torhaus to the OP, e.g. http://proxy.corp.example:3128. Browsers go their own way.'),
    ),
    bearer: Type.Optional(bearer),
    title: Type.Optional(
      text('With several providers: what people read on the page where they choose one. Default: its name.'),
    ),
    domains: list(
      text('Domain.', { pattern: '^[A-Za-z0-9.-]+$' }),
      'With several providers: whoever comes with a `login_hint` in one of these domains is led to this one.',
      { default: [] },
    ),
    accounts: Type.Optional(
      text(
        'Regular expression that the whole account must match, in whatever spelling, to be of this one: nobody else gets an account by it. With several providers each needs it, or account.fromSeveralProviders.',
      ),
    ),
  },
  'The OpenID Provider that signs people in and proves their second factor.',
)

export const providers = Type.Record(Type.String(), provider, {
  description:
    'Several OpenID Providers at one Torhaus, in place of `oidc`: a name each, of small letters, digits and hyphens, with the options of `oidc`. The redirect URI of each is `/.torhaus/callback/NAME`.',
})
