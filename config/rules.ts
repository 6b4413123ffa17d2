/** What a schema cannot say: options that must fit together, and values with a grammar of their own. */

import { checkAccountTemplate } from './account-template.ts'
import { checkAdmin } from './admin-rules.ts'
import { checkAppearance } from './appearance-rules.ts'
import {
  checkAdminCertificateFiles,
  checkCertificateFiles,
  checkRedisCertificates,
  checkUpstreamCertificates,
} from './certificate-files.ts'
import { checkChannelBindings } from './channel-binding-rules.ts'
import { checkClientCertificates } from './client-certificates.ts'
import { type Diagnostic, diagnostic, type Report } from './diagnostic.ts'
import { checkGroups } from './group-rules.ts'
import { checkGroupsFile } from './groups-file.ts'
import { checkKerberos } from './kerberos-rules.ts'
import {
  checkAssertionKeys,
  checkClientSecrets,
  checkKeytab,
  checkKeytabKeys,
  checkRedisPasswords,
  checkSessionKeys,
  checkTicketKey,
} from './key-files.ts'
import { isLenient } from './lenient-rule.ts'
import { patternProblem } from './linear-pattern.ts'
import { checkHosts, checkLoop, checkPorts } from './listener-rules.ts'
import { checkAuditFile, checkReplayDirectory, checkStoreFile } from './output-files.ts'
import { checkOwnPages } from './own-pages-rules.ts'
import { checkPatConfirmation, checkPatProof } from './pat-rules.ts'
import { checkProviders } from './provider-rules.ts'
import { providersOf } from './providers.ts'
import { checkRanges } from './range-rules.ts'
import { checkRedis } from './redis-rules.ts'
import type { Config } from './schema.ts'
import { checkShares } from './share-rules.ts'
import { checkAcceptedTickets } from './ticket-rules.ts'
import { checkUpnNames } from './upn-names.ts'
import { checkAllowedOrigins, checkTransport, checkUrl } from './url-rules.ts'

type Rule = (config: Config, report: Report) => void

/** OIDC Discovery 4. */
const METADATA_PATH = '/.well-known/openid-configuration'

/** Each rule, behind the options it reads: it can only run where these have the right shape. */
const RULES: readonly (readonly [reads: readonly string[], rule: Rule])[] = [
  [['publicUrl', 'allowPlainHttp'], checkPublicUrl],
  [['publicUrl', 'ownPages', 'listener.hostNames', 'allowPlainHttp'], checkOwnPages],
  [['appearance'], checkAppearance],
  [['oidc', 'providers', 'allowPlainHttp'], checkIssuers],
  [['upstream.url'], checkUpstreamUrl],
  [['tracing', 'allowPlainHttp'], checkTracing],
  [['listener.trustedProxies'], checkAddresses],
  [['listener.trustedProxies', 'listener.proxyProtocol'], checkProxyProtocol],
  [['secondFactor'], checkSecondFactor],
  [['secondFactor', 'oidc.policyGuaranteesFactor', 'providers'], checkSomethingProves],
  [['upstream.identity'], checkIdentity],
  [['account', 'kerberos'], checkAccount],
  [['listener.tls'], checkCertificateFiles],
  [['listener.tls'], checkClientCertificates],
  [['listener.tls'], checkTicketKey],
  [['admin.tls'], checkAdminCertificateFiles],
  [['admin.host', 'admin.credentialFile'], checkAdmin],
  [['listener.host', 'admin.host'], checkHosts],
  [['listener.host', 'listener.port', 'admin.host', 'admin.port'], checkPorts],
  [['upstream.url', 'listener.host', 'listener.port'], checkLoop],
  [['groups'], checkGroupsFile],
  [['groups', 'secondFactor.rules', 'oidc', 'providers', 'kerberos'], checkGroups],
  [['groups', 'secondFactor.rules', 'kerberos'], checkUpnNames],
  [['secondFactor', 'kerberos'], checkAcceptedTickets],
  [['session.encryptionKeyFiles'], checkSessionKeys],
  [['oidc', 'providers'], checkClientSecrets],
  [['oidc', 'providers', 'account'], checkProviders],
  [['upstream.identity'], checkAssertionKeys],
  [['listener.idleTimeoutMs', 'upstream.headersTimeoutMs'], checkUpstreamTimeouts],
  [['session.idleTimeoutSeconds', 'session.absoluteTimeoutSeconds'], checkSessionTimeouts],
  [['session.store', 'allowPlainHttp'], checkRedis],
  [['session.store'], checkRedisCertificates],
  [['session.store'], checkRedisPasswords],
  [['session.store'], checkStoreFile],
  [['logging.auditFile', 'session.store'], checkAuditFile],
  [['upstream.tls', 'upstream.url'], checkUpstreamCertificates],
  [['kerberos'], checkReplayDirectory],
  [['kerberos'], checkKeytab],
  [['kerberos', 'publicUrl', 'upstream.identity'], checkKeytabKeys],
  [['kerberos', 'listener.tls'], checkChannelBindings],
  [['credentials'], checkOfferPaths],
  [['credentials.allowedOrigins'], checkAllowedOrigins],
  [['shares'], checkShares],
  [['kerberos', 'upstream.identity', 'secondFactor', 'credentials'], checkKerberos],
  [['credentials.patProof', 'credentials.personalAccessTokens'], checkPatProof],
  [['credentials.patProof', 'credentials.patPolicy'], checkPatConfirmation],
]

/** `value`: a configuration that departs from the schema in `diagnostics` and nowhere else. */
export function checkRules(value: unknown, diagnostics: Diagnostic[]): void {
  const known = diagnostics.map(({ path }) => path)
  const report: Report = (path, message) => void diagnostics.push(diagnostic(path, message))
  for (const [reads, rule] of RULES) {
    if (!reads.some(option => known.some(path => touches(path, option)))) rule(value as Config, report)
  }
}

/** Whether what is wrong at `path` is the option, inside it, or around it. */
function touches(path: string, option: string): boolean {
  return (
    path === '' ||
    path === option ||
    path.startsWith(`${option}.`) ||
    path.startsWith(`${option}[`) ||
    option.startsWith(`${path}.`)
  )
}

function checkPublicUrl({ publicUrl, allowPlainHttp }: Config, report: Report): void {
  checkTransport('publicUrl', checkUrl('publicUrl', publicUrl, false, report), allowPlainHttp, report)
}

function checkIssuers(config: Config, report: Report): void {
  for (const { path, settings } of providersOf(config)) {
    const option = `${path}.issuer`
    checkTransport(option, checkUrl(option, settings.issuer, true, report), config.allowPlainHttp, report)
    if (settings.issuer.endsWith(METADATA_PATH)) report(option, `must not contain ${METADATA_PATH}: remove that part`)
  }
}

function checkUpstreamUrl({ upstream }: Config, report: Report): void {
  checkUrl('upstream.url', upstream.url, false, report)
}

function checkTracing({ tracing, allowPlainHttp }: Config, report: Report): void {
  if (tracing === undefined) return
  const path = 'tracing.otlpUrl'
  checkTransport(path, checkUrl(path, tracing.otlpUrl, true, report), allowPlainHttp, report)
}

function checkAddresses(config: Config, report: Report): void {
  checkRanges('listener.trustedProxies', config.listener.trustedProxies, report)
}

function checkProxyProtocol({ listener }: Config, report: Report): void {
  if (listener.proxyProtocol && listener.trustedProxies.length === 0)
    report('listener.proxyProtocol', 'needs listener.trustedProxies, because only those peers may send the header')
}

/** Names in logs and metrics that would say two things. */
const OWN_POLICIES = [
  'second-factor',
  'provider-policy',
  'ticket-factor',
  'grant',
  'server-checked',
  'cors-preflight',
  'agent-token-exchange',
  'grant-scope',
  'lasting-rights',
  'identity-change',
]

function checkSomethingProves(config: Config, report: Report): void {
  const { acceptAcr, acceptAcrs, acceptAmr, acceptTicket } = config.secondFactor
  const byTicket = acceptTicket.indicators.length + acceptTicket.sids.length
  const isByPolicy = providersOf(config).some(({ settings }) => settings.policyGuaranteesFactor !== undefined)
  if (acceptAcr.length + acceptAcrs.length + acceptAmr.length + byTicket === 0 && !isByPolicy)
    report(
      'secondFactor',
      'needs at least one of acceptAcr, acceptAcrs, acceptAmr and acceptTicket: otherwise nobody could pass',
    )
}

function checkSecondFactor({ secondFactor: { rules } }: Config, report: Report): void {
  rules.forEach((rule, index) => {
    const { name, when, require, reason, acceptAcr, maxAgeSeconds } = rule
    const path = `secondFactor.rules[${index}]`
    if (OWN_POLICIES.includes(name))
      report(`${path}.name`, `${name} is a name that Torhaus itself uses: choose another`)
    else if (rules.findIndex(other => other.name === name) < index) report(`${path}.name`, `${name} occurs twice`)
    if (when.path !== undefined) checkRegExp(`${path}.when.path`, when.path, report)
    if (when.account !== undefined) checkRegExp(`${path}.when.account`, when.account, report)
    checkRanges(`${path}.when.networks`, when.networks, report)
    if (isLenient(rule) && reason === undefined) report(`${path}.reason`, `is required with ${require}`)
    if (require !== 'second-factor' && (acceptAcr !== undefined || maxAgeSeconds !== undefined)) {
      report(path, 'can have acceptAcr and maxAgeSeconds only with second-factor')
    }
    if (require === 'nothing' && when.path === undefined && when.networks.length === 0) {
      report(`${path}.when`, 'must have a path or networks: otherwise everyone would pass without credentials')
    }
  })
}

const RESERVED =
  /^(host|connection|cookie|authorization|content-|transfer-encoding|te|trailer|upgrade|via|expect|range|if-|accept|date|forwarded|x-forwarded-(for|host|proto)|x-request-id)/i

function checkIdentity({ upstream }: Config, report: Report): void {
  const { kind, assertion, header, kerberos } = upstream.identity
  if (kind === 'kerberos' && kerberos === undefined)
    report('upstream.identity.kerberos', 'is required for kind kerberos')
  if (kind === 'assertion' && assertion === undefined)
    report('upstream.identity.assertion', 'is required for kind assertion')
  for (const [name, field] of [
    ['assertion', assertion?.field],
    ['header', header.field],
  ] as const) {
    if (field === undefined || (/^[A-Za-z][A-Za-z0-9-]{2,60}$/.test(field) && !RESERVED.test(field))) continue
    report(
      `upstream.identity.${name}.field`,
      'must be a field name of letters, digits and hyphens that neither HTTP nor this proxy uses',
    )
  }
}

function checkAccount({ account, kerberos }: Config, report: Report): void {
  checkRegExp('account.pattern', account.pattern, report)
  checkAccountTemplate('account.template', account.template, report)
  if (kerberos !== undefined && account.domains.length > 0)
    report(
      'account.domains',
      'cannot be combined with the section kerberos, whose realm and netbiosDomain are used instead',
    )
}

function checkOfferPaths({ credentials }: Config, report: Report): void {
  credentials.offerRules.forEach(({ path }, index) => {
    checkRegExp(`credentials.offerRules[${index}].path`, path, report)
  })
}

function checkUpstreamTimeouts({ listener, upstream }: Config, report: Report): void {
  if (listener.idleTimeoutMs < upstream.headersTimeoutMs) {
    report('listener.idleTimeoutMs', 'must not be less than upstream.headersTimeoutMs, or slow responses are cut off')
  }
}

function checkSessionTimeouts({ session }: Config, report: Report): void {
  if (session.idleTimeoutSeconds > session.absoluteTimeoutSeconds) {
    report('session.idleTimeoutSeconds', 'must not be greater than session.absoluteTimeoutSeconds')
  }
}

function checkRegExp(path: string, source: string, report: Report): void {
  const problem = patternProblem(source)
  if (problem !== undefined) report(path, problem)
}
