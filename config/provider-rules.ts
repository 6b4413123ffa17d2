/** What must fit together in the settings of an OP. */
import { checkAccountTemplate } from './account-template.ts'
import { checkAuthorities, privateKeyIn } from './certificate-files.ts'
import type { Report } from './diagnostic.ts'
import { patternProblem } from './linear-pattern.ts'
import { type NamedProvider, providersOf } from './providers.ts'
import type { Config, ProviderSettings } from './schema.ts'

type Provider = ProviderSettings

/** `path`: where the provider stands in the file. */
type ProviderRule = (provider: Provider, path: string, report: Report) => void

const RULES: readonly ProviderRule[] = [
  checkAuthentication,
  checkKeyFile,
  checkParameters,
  checkFactorRequest,
  checkSignIn,
  checkAccounts,
  checkConnection,
]

/** Part of a path and of a cookie. */
const NAME = /^[a-z0-9-]{1,32}$/

export function checkProviders(config: Config, report: Report): void {
  const all = providersOf(config)
  for (const { name } of all)
    if (!NAME.test(name))
      report('providers', `${JSON.stringify(name)} must be lower-case letters, digits and hyphens, at most 32`)
  for (const { settings, path } of all) for (const rule of RULES) rule(settings, path, report)
  if (config.oidc === undefined && all.length === 0) report('oidc', 'is required, unless there are providers')
  else if (config.oidc !== undefined && config.providers !== undefined)
    report('providers', 'cannot be combined with oidc: keep one of the two')
  else if (all.length > 1) checkApart(all, config.account.fromSeveralProviders, report)
}

/** What tells several OPs apart: their issuers, and which accounts are of which. */
function checkApart(all: readonly NamedProvider[], shareAccounts: boolean, report: Report): void {
  const seen = new Set<string>()
  for (const { settings, path } of all) {
    for (const issuer of [settings.issuer, ...settings.issuerAliases]) {
      if (seen.has(issuer))
        report(`${path}.issuer`, `${issuer} is used by two providers, but tokens must be told apart by issuer`)
      seen.add(issuer)
    }
    if (settings.accounts === undefined && !shareAccounts)
      report(`${path}.accounts`, 'is required with several providers, unless account.fromSeveralProviders is true')
  }
}

function checkAuthentication(provider: Provider, path: string, report: Report): void {
  const { clientAuthentication: method, clientSecretFile, clientKeyFile, clientKeyId } = provider
  const option = `${path}.clientAuthentication`
  if (clientSecretFile !== undefined && clientKeyFile !== undefined)
    report(`${path}.clientKeyFile`, 'cannot be combined with clientSecretFile: keep the one that the OP knows')
  if (clientKeyId !== undefined && clientKeyFile === undefined) report(`${path}.clientKeyId`, 'needs clientKeyFile')
  if (method === undefined) return
  if (method === 'none' && (clientSecretFile ?? clientKeyFile) !== undefined)
    report(option, 'is none, but there is a secret or key: remove one of the two')
  if (method === 'private_key_jwt' && clientKeyFile === undefined) report(option, 'needs clientKeyFile')
  if (method.startsWith('client_secret') && clientSecretFile === undefined) report(option, 'needs clientSecretFile')
}

/** Those for which JWS has algorithms (RFC 7518 3.1, RFC 8037 3.1). */
const CURVES = ['prime256v1', 'secp384r1', 'secp521r1']

function checkKeyFile({ clientKeyFile }: Provider, path: string, report: Report): void {
  if (clientKeyFile === undefined) return
  const option = `${path}.clientKeyFile`
  const key = privateKeyIn(clientKeyFile)
  if (typeof key === 'string') return report(option, key)
  const { asymmetricKeyType: type = '', asymmetricKeyDetails } = key
  const isUsable = ['rsa', 'ed25519'].includes(type) || CURVES.includes(asymmetricKeyDetails?.namedCurve ?? '')
  if (!isUsable)
    report(option, `${clientKeyFile} must contain an RSA key, an EC key on P-256, P-384 or P-521, or an Ed25519 key`)
}

/** Parameters that have an option of their own, or none. */
const OWN_PARAMETERS: Readonly<Record<string, string>> = {
  ...{ client_id: 'clientId', scope: 'scopes', acr_values: 'acrValues', claims: 'claims', prompt: 'prompt' },
  ...{ response_mode: 'responseMode', max_age: 'secondFactor.maxAgeSeconds' },
  ...{ redirect_uri: '', response_type: '', state: '', nonce: '', code_challenge: '', code_challenge_method: '' },
  ...{ request: '', request_uri: '', id_token_hint: '' },
}

function checkParameters({ authorizationParameters = {} }: Provider, path: string, report: Report): void {
  for (const name of Object.keys(authorizationParameters)) {
    if (!Object.hasOwn(OWN_PARAMETERS, name)) continue
    const option = OWN_PARAMETERS[name]
    const remedy = option === '' ? 'remove it' : `use the option ${option}`
    report(`${path}.authorizationParameters.${name}`, `is a parameter that Torhaus sends itself: ${remedy}`)
  }
}

/** An OP that is asked in two ways may answer either. */
function checkFactorRequest({ claims, acrValues }: Provider, path: string, report: Report): void {
  const asked = claims?.id_token
  if (acrValues.length === 0 || typeof asked !== 'object' || asked === null) return
  for (const name of ['acr', 'acrs'])
    if (name in asked)
      report(
        `${path}.claims.id_token.${name}`,
        `requests a factor, but so does acrValues: keep only acrValues, with requestFactorBy: claims.${name}`,
      )
}

/** Without these no sign-in comes to an end. */
function checkSignIn({ authTimeFromSignIn, prompt, scopes }: Provider, path: string, report: Report): void {
  if (prompt?.split(' ').includes('none'))
    report(
      `${path}.prompt`,
      'must not be none, or nobody who is not signed in at the OP yet could sign in (OIDC Core 3.1.2.1)',
    )
  else if (authTimeFromSignIn !== undefined && prompt !== undefined && prompt !== 'login')
    report(`${path}.prompt`, 'must not be combined with authTimeFromSignIn, which sends prompt=login')
  if (!scopes.join(' ').split(' ').includes('openid'))
    report(`${path}.scopes`, 'must contain openid, or the OP issues no ID token (OIDC Core 3.1.2.1)')
}

function checkAccounts({ accounts, idToken, accessToken }: Provider, path: string, report: Report): void {
  const problem = accounts === undefined ? undefined : patternProblem(accounts)
  if (problem !== undefined) report(`${path}.accounts`, problem)
  for (const [token, { accountTemplate }] of Object.entries({ idToken, accessToken }))
    if (accountTemplate !== undefined) checkAccountTemplate(`${path}.${token}.accountTemplate`, accountTemplate, report)
}

function checkConnection({ caFile, proxy }: Provider, path: string, report: Report): void {
  if (proxy !== undefined) {
    const url = URL.parse(proxy)
    if (url === null || !/^https?:$/.test(url.protocol)) report(`${path}.proxy`, 'must be an http or https URL')
    else if (url.username !== '' || url.password !== '') report(`${path}.proxy`, 'must not contain credentials')
  }
  checkAuthorities(`${path}.caFile`, caFile, report)
}
