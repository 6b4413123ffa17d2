/** Builds the parts that the stages need. */
import { randomUUID } from 'node:crypto'
import { asksForGroups } from '../../config/group-rules.ts'
import type { AccountKeyOf } from '../account-key.ts'
import { causeChain } from '../cause-chain.ts'
import type { Clock } from '../clock.ts'
import { certificateAccount } from '../identity/certificate-account.ts'
import { CertificateFactor } from '../identity/certificate-factor.ts'
import { FirstFactor } from '../identity/first-factor.ts'
import { leadsTo } from '../listener/client-certificate.ts'
import { uncheckedFrom } from '../listener/revocation-times.ts'
import type { AccessTokens } from '../oidc/access-tokens.ts'
import { changedAtOp } from '../oidc/refreshed-claims.ts'
import { SessionRefresh } from '../oidc/session-refresh.ts'
import type { PatWatch } from '../pats/pat-watch.ts'
import type { ProvePat } from '../pats/prove-pat.ts'
import { provesServerTokens } from '../pats/proves-server-tokens.ts'
import { tokenCarriers } from '../pats/token-carriers.ts'
import type { PolicyParts } from '../pipeline.ts'
import { ticketOpensSession } from '../policy/by-ticket.ts'
import { LastingRights } from '../policy/lasting-rights.ts'
import { secondFactorSettings } from '../policy/second-factor.ts'
import { hostNamesOf } from './host-names.ts'
import { openAccessTokens } from './open-providers.ts'
import type { Services } from './open-services.ts'

type ClassifyNeeds = Pick<Services, 'config' | 'cookies' | 'fingerprints' | 'ops'>
type RefreshNeeds = Pick<Services, 'accountKey' | 'config' | 'log' | 'now' | 'metrics' | 'ops' | 'sessions'>
type AuthenticateNeeds = RefreshNeeds & Pick<Services, 'audit' | 'cookies' | 'directory' | 'publicUrl' | 'rules'>
type SecondFactorNeeds = Pick<
  Services,
  'accountKey' | 'audit' | 'config' | 'grants' | 'metrics' | 'now' | 'outsider' | 'refusal' | 'rules'
>
export type PolicyNeeds = AuthenticateNeeds &
  ClassifyNeeds &
  SecondFactorNeeds &
  Pick<Services, 'accountNames' | 'fieldReader' | 'identityOut' | 'viaName'>

export function buildPolicy(
  services: PolicyNeeds,
  watch: PatWatch,
  provesPat: ProvePat,
): Omit<PolicyParts, 'beginSpan' | 'rates'> {
  const { config, now, ops, accountNames, fieldReader, viaName, identityOut } = services
  const accessTokens = openAccessTokens(config, ops, accountNames, now)
  return {
    trust: {
      ...{ fieldReader, viaName },
      listener: config.listener,
      hostNames: hostNamesOf(config),
    },
    newRequestId: randomUUID,
    classify: classifyParts(services, accessTokens),
    authenticate: { ...authenticateParts(services, accessTokens), provesPat },
    secondFactor: secondFactorParts(services, watch),
    certificates: certificateSettings(services),
    identityOut,
    keepsBesideTokens: config.credentials.keepCookiesBesideTokens,
    isOwnHost: services.refusal.isOwnHost,
  }
}

function classifyParts(
  { config, cookies, fingerprints, ops }: ClassifyNeeds,
  accessTokens: AccessTokens | undefined,
): PolicyParts['classify'] {
  return {
    credentials: config.credentials,
    issuers: new Set(ops.all.flatMap(({ settings }) => [settings.issuer, ...settings.issuerAliases])),
    cookies,
    isValidated: token => accessTokens?.knows(token) === true,
    fingerprintsOf: fingerprints.of,
    asksAboutServerTokens: provesServerTokens(config.credentials.patProof),
  }
}

function authenticateParts(
  needs: AuthenticateNeeds,
  accessTokens: AccessTokens | undefined,
): Omit<PolicyParts['authenticate'], 'provesPat'> {
  const { config, now, metrics, audit, sessions, cookies, directory, rules, accountKey, publicUrl } = needs
  return {
    ...{ sessions, cookies, accessTokens, accountKey, now },
    refresh: sessionRefresh(needs),
    firstFactor:
      directory &&
      new FirstFactor(
        directory,
        {
          acceptsPasswords: config.kerberos?.passwords.accept === true,
          account: config.account,
          realm: config.kerberos?.realm ?? '',
          trustedRealms: config.kerberos?.trustedRealms ?? [],
          acceptTicket: config.secondFactor.acceptTicket,
        },
        now,
      ),
    ticketOpensSession: exchange => ticketOpensSession(config.secondFactor, rules, exchange, now()),
    certificates: certificateFactor(config, accountKey, now),
    mismatch: (exchange, account, otherAccount, code) => {
      metrics.bindingMismatch()
      audit.write('account-mismatch', exchange, { account, otherAccount, code })
    },
    publicOrigin: publicUrl.origin,
    // Normalized as browsers send them: lower case, without the default port.
    allowedOrigins: config.credentials.allowedOrigins.map(origin => new URL(origin).origin),
  }
}

const clientCertificates = ({ listener }: Pick<Services['config'], 'listener'>) => listener.tls?.clientCertificates

/** The OP, readers of the key set, and `torhaus doctor` have no personal certificate. */
const isForMachines = (path: string) =>
  path === '/.torhaus/backchannel-logout' || path === '/.torhaus/jwks.json' || path.startsWith('/.torhaus/self-test')

function certificateSettings({
  config,
  accountNames,
  audit,
  now,
}: Pick<Services, 'accountNames' | 'audit' | 'config' | 'now'>): PolicyParts['certificates'] {
  const settings = clientCertificates(config)
  if (settings === undefined) return undefined
  return {
    isRequired: settings.mode === 'require',
    accountOf: settings.accountFrom.length === 0 ? undefined : certificateAccount(settings, config.account.case),
    resolve: accountNames.resolve,
    leadsTo: leadsTo(settings),
    uncheckedFrom: uncheckedFrom(settings),
    isExempt: isForMachines,
    refused: (exchange, certificate, code) => audit.write('certificate-refused', exchange, { certificate, code }),
    now,
  }
}

function certificateFactor(config: Services['config'], accountKey: AccountKeyOf, now: Clock) {
  const settings = clientCertificates(config)
  return settings && new CertificateFactor(settings, accountKey, now)
}

function sessionRefresh({ accountKey, config, log, now, metrics, ops, sessions }: RefreshNeeds): SessionRefresh {
  return new SessionRefresh({
    ...{ ops, sessions, now },
    readsGroups: asksForGroups(config),
    changed: (op, claims, record) => changedAtOp(op, claims, record, config.secondFactor, accountKey),
    report(outcome, cause) {
      metrics.refresh(outcome)
      if (!(cause instanceof Error)) return
      log.warn({ 'event.action': 'session-refresh', 'event.outcome': outcome, 'error.message': causeChain(cause) })
    },
  })
}

function secondFactorParts(
  { config, now, rules, grants, accountKey, outsider, refusal, metrics, audit }: SecondFactorNeeds,
  watch: PatWatch,
): PolicyParts['secondFactor'] {
  return {
    ...{ rules, grants, accountKey, now, outsider },
    settings: secondFactorSettings(config),
    lastingRights: new LastingRights(config.secondFactor.lastingRights),
    offers: refusal.challenge.offers,
    formsWithTokens: tokenCarriers(config.credentials.personalAccessTokens).forms,
    refusesPat: exchange => watch.refuse(exchange),
    report: (exchange, rule, code) => {
      metrics.wouldHaveRefused(rule, code)
      audit.write('would-have-refused', exchange, { rule, code })
    },
    asked: (exchange, { network }, code) => {
      metrics.grant('asked')
      audit.write('second-factor-asked', exchange, { network, code })
    },
  }
}
