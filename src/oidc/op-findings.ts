/** What the answers of an OP reveal about our options, for the person who sets them. This file does no I/O. */
import type { ProviderSettings } from '../../config/schema.ts'
import { causeChain } from '../cause-chain.ts'

/** Something wrong, or that will be. */
export interface Finding {
  readonly check: 'discovery' | 'metadata' | 'keys' | 'clock' | 'client' | 'redirect-uri' | 'device' | 'sign-in'
  /** What to change: its name at the provider, or a section beside it. */
  readonly option: keyof ProviderSettings | 'account' | 'publicUrl' | 'secondFactor'
  readonly message: string
}

const UNTRUSTED = [
  ...['SELF_SIGNED_CERT_IN_CHAIN', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ...['UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
]

/** Of reading the metadata. */
export function discoveryFinding(error: Error, { issuer, proxy, caFile }: ProviderSettings): Finding {
  const codes = codesOf(error)
  const what = causeChain(error)
  const found = (option: Finding['option'], message: string): Finding => ({ check: 'discovery', option, message })
  if (codes.some(code => UNTRUSTED.includes(code)))
    return found(
      'caFile',
      `the certificate of ${issuer} is signed by an authority that ${caFile === undefined ? 'Node does not know' : 'is not in caFile'}: ${what}`,
    )
  if (/calls itself|the issuer is/.test(what)) return found('issuer', `the names must match exactly: ${what}`)
  if (proxy !== undefined && codes.some(code => /^E(CONN|NOTFOUND|AI_AGAIN|HOST|NET|PROXY)/.test(code)))
    return found('proxy', `${issuer} cannot be reached through the proxy ${proxy}: ${what}`)
  if (/TimeoutError|timeout/i.test(what)) return found('timeoutMs', `${issuer} did not answer in time: ${what}`)
  return found('issuer', `${issuer}/.well-known/openid-configuration cannot be read: ${what}`)
}

function codesOf(error: unknown): string[] {
  const codes: string[] = []
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as NodeJS.ErrnoException
    if (typeof code === 'string') codes.push(code)
  }
  return codes
}

type Metadata = Readonly<Record<string, unknown>>

/** RFC 9126 5, RFC 9101 10.5. */
const UNMET_DEMANDS = ['require_pushed_authorization_requests', 'require_signed_request_object']

const unmetDemands = (metadata: Metadata): Finding[] =>
  UNMET_DEMANDS.filter(name => metadata[name] === true).map(name => ({
    ...{ check: 'metadata', option: 'issuer' },
    message: `it does not accept plain authorization requests (${name}), but Torhaus sends no others: allow them for this client at the OP`,
  }))

/** Compares the OP's metadata with what Torhaus will ask of it. Missing members are ignored, except endpoints. */
export function metadataFindings(metadata: Metadata, settings: ProviderSettings, method: string): Finding[] {
  const listed = (name: string): readonly unknown[] | undefined => {
    const value = metadata[name]
    return Array.isArray(value) ? value : undefined
  }
  const findings = unmetDemands(metadata)
  const add = (option: Finding['option'], message: string) => findings.push({ check: 'metadata', option, message })
  const lacks = (name: string, value: string) => listed(name)?.includes(value) === false
  for (const scope of settings.scopes)
    if (lacks('scopes_supported', scope)) add('scopes', `${scope} is not in its scopes_supported`)
  if (['acr_values', 'claims.acr'].includes(settings.requestFactorBy))
    for (const acr of settings.acrValues)
      if (lacks('acr_values_supported', acr)) add('acrValues', `${acr} is not in its acr_values_supported`)
  if (settings.requestFactorBy.startsWith('claims.') && metadata.claims_parameter_supported === false)
    add('requestFactorBy', 'it does not support the parameter claims (claims_parameter_supported is false)')
  if (lacks('response_modes_supported', settings.responseMode))
    add('responseMode', `${settings.responseMode} is not in its response_modes_supported`)
  if (lacks('token_endpoint_auth_methods_supported', method))
    add('clientAuthentication', `${method} is not in its token_endpoint_auth_methods_supported`)
  if (listed('id_token_signing_alg_values_supported')?.every(alg => /^(HS|none)/.test(String(alg))) === true)
    add(
      'issuer',
      'it signs ID tokens with HS256 or not at all: choose an asymmetric algorithm for this client at the OP',
    )
  if (settings.userinfo && metadata.userinfo_endpoint === undefined) add('userinfo', 'it has no userinfo_endpoint')
  if (settings.deviceClientId !== undefined && metadata.device_authorization_endpoint === undefined)
    add('deviceClientId', 'it has no device_authorization_endpoint')
  const { access_token_issuer: other } = metadata
  if (settings.bearer !== undefined && typeof other === 'string' && !knows(settings, other))
    add('issuerAliases', `its access tokens come from ${other} (access_token_issuer)`)
  return findings
}

const knows = ({ issuer, issuerAliases }: ProviderSettings, name: string) =>
  name === issuer || issuerAliases.includes(name)

/** `aheadS`: by how much a clock is ahead of another, in seconds; negative: behind. */
export const apart = (aheadS: number): string => `${Math.abs(aheadS)} s ${aheadS < 0 ? 'behind' : 'ahead of'}`

/** `date`: of an answer just received. */
export function clockFinding(
  date: string | null,
  nowMs: number,
  { clockToleranceSeconds }: ProviderSettings,
): Finding | undefined {
  const differenceS = date === null ? Number.NaN : Math.round((Date.parse(date) - nowMs) / 1000)
  // The field has whole seconds, and the way takes some time.
  if (!(Math.abs(differenceS) > clockToleranceSeconds + 2)) return undefined
  const message = `its clock is ${apart(differenceS)} ours: synchronize the clocks, or ID tokens will be refused`
  return { check: 'clock', option: 'clockToleranceSeconds', message }
}

/**
 * How the token endpoint refused a code that nobody issued. `error`: in the words of RFC 6749 5.2. `status`: 401 is
 * about the client and its secret, whatever the error is called; Keycloak calls it `unauthorized_client`.
 */
export function clientFinding(
  error: string | undefined,
  status: number | undefined,
  told: string,
  settings: ProviderSettings,
): Finding | undefined {
  // An OP that evaluates the code has accepted the client.
  if (error === 'invalid_grant' || error === 'invalid_request') return undefined
  const { clientSecretFile, clientKeyFile, clientId } = settings
  const shown =
    clientKeyFile !== undefined ? 'clientKeyFile' : clientSecretFile !== undefined ? 'clientSecretFile' : 'clientId'
  const found = (option: Finding['option'], message: string): Finding => ({
    ...{ check: 'client', option },
    message: `${message}: ${told}`,
  })
  if (error === 'invalid_client' || status === 401)
    return shown === 'clientId'
      ? found(shown, `the OP does not know ${clientId} as a public client`)
      : found(
          shown,
          `the OP does not accept it for ${clientId}: it is wrong, has expired, needs another clientAuthentication, or the OP does not know ${clientId}`,
        )
  if (error === 'unauthorized_client' || error === 'unsupported_grant_type')
    return found('clientId', `${clientId} may not exchange codes: allow the authorization code grant at the OP`)
  return found('clientAuthentication', 'the token endpoint gave an unexpected answer')
}

/** What the device authorization endpoint answered. `status`: undefined where it did not. */
export function deviceFinding(status: number | undefined, text: string, clientId: string): Finding | undefined {
  if (status === 200) return undefined
  const told = `${status ?? 'no answer'} ${text}`.replaceAll(/[^\x20-\x7e]+/g, ' ').slice(0, 500)
  const message = `${clientId} cannot begin a device authorization: it must be a public client with that grant at the OP: ${told}`
  return { check: 'device', option: 'deviceClientId', message }
}

export interface Shown {
  readonly status: number
  /** Where it leads the browser; absolute. */
  readonly location: string | undefined
  readonly text: string
}

/** What the authorization endpoint answered, with the redirect URI of ours. */
export function authorizationFinding(
  shown: Shown,
  redirectUri: string,
  { clientId, requestFactorBy }: ProviderSettings,
): Finding | undefined {
  const found = (option: Finding['option'], message: string): Finding => ({ check: 'redirect-uri', option, message })
  if (shown.location?.startsWith(redirectUri)) return errorFinding(new URL(shown.location).searchParams, found)
  const [code] = /AADSTS\d+/.exec(shown.text) ?? []
  if (code === 'AADSTS700016' || code === 'AADSTS700038')
    return found('clientId', `the OP does not know ${clientId}: ${code}`)
  if (code === 'AADSTS50011')
    return found('publicUrl', `${redirectUri} is not registered at the OP in exactly this form: ${code}`)
  if (shown.status < 400) return undefined
  const text = visibleText(shown.text)
  if (/redirect[_ -]?ur[il]/i.test(text))
    return found('publicUrl', `${redirectUri} is not registered at the OP in exactly this form`)
  // Keycloak, of an essential acr that is not among its levels.
  if (/\b(claims|acr)\b/i.test(text))
    return found('acrValues', `the OP refuses what ${requestFactorBy} asks for (status ${shown.status}): ${text}`)
  if (/client/i.test(text))
    return found('clientId', `the OP does not know ${clientId} (status ${shown.status}): ${text}`)
  return found(
    'publicUrl',
    `the authorization endpoint answers ${shown.status}: either ${redirectUri} or ${clientId} is not registered at the OP`,
  )
}

const MAX_TEXT_LENGTH = 300

/** What a person would read on that page, and not what its addresses and scripts are full of. */
function visibleText(html: string): string {
  const headEnd = html.search(/<\/head/i)
  const body = headEnd < 0 ? html : html.slice(html.indexOf('>', headEnd) + 1)
  const outside = body.split(/<\/?(?:script|style)\b/i).filter((_, index) => index % 2 === 0)
  const text = outside.join('<').replaceAll(/<[^<>]*>|[^\x20-\x7e\xa0-\uffff]/g, ' ')
  return text.split(' ').filter(Boolean).join(' ').slice(0, MAX_TEXT_LENGTH)
}

const OPTIONS: Readonly<Record<string, Finding['option']>> = {
  invalid_scope: 'scopes',
  unauthorized_client: 'clientId',
  unsupported_response_type: 'clientId',
  unmet_authentication_requirements: 'acrValues',
}

/** Nobody is signed in, and nobody may be asked: every other error is about the request. */
const EXPECTED = ['login_required', 'interaction_required', 'consent_required', 'account_selection_required']

function errorFinding(
  answer: URLSearchParams,
  found: (option: Finding['option'], message: string) => Finding,
): Finding | undefined {
  const error = answer.get('error')
  if (error === null || EXPECTED.includes(error)) return undefined
  const told = [error, answer.get('error_description')].filter(Boolean).join(': ').slice(0, 500)
  return found(OPTIONS[error] ?? 'authorizationParameters', `the OP refuses the authorization request: ${told}`)
}
