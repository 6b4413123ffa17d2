/** What the stages are given. */
import { randomUUID } from 'node:crypto'
import { causeChain } from '../cause-chain.ts'
import { FirstFactor } from '../identity/first-factor.ts'
import { AccessTokenVerifier } from '../oidc/access-token.ts'
import { accountMapperFor } from '../oidc/account.ts'
import { SessionRefresh } from '../oidc/session-refresh.ts'
import type { PatWatch } from '../pats/pat-watch.ts'
import type { ProvePat } from '../pats/prove-pat.ts'
import { tokenCarriers } from '../pats/token-carriers.ts'
import type { PolicyParts } from '../pipeline.ts'
import { LastingRights } from '../policy/lasting-rights.ts'
import type { Services } from './open-services.ts'

type ClassifyNeeds = Pick<Services, 'config' | 'cookies' | 'fingerprints'>
type RefreshNeeds = Pick<Services, 'config' | 'log' | 'now' | 'metrics' | 'provider' | 'sessions'>
type AuthenticateNeeds = RefreshNeeds &
  Pick<Services, 'accountKey' | 'audit' | 'cookies' | 'directory' | 'publicUrl' | 'rules'>
type SecondFactorNeeds = Pick<
  Services,
  'accountKey' | 'audit' | 'config' | 'grants' | 'metrics' | 'now' | 'refusal' | 'rules'
>
export type PolicyNeeds = AuthenticateNeeds &
  ClassifyNeeds &
  SecondFactorNeeds &
  Pick<Services, 'fieldReader' | 'identityOut' | 'opKeys' | 'viaName'>

export function buildPolicy(services: PolicyNeeds, watch: PatWatch, provesPat: ProvePat): Omit<PolicyParts, 'rates'> {
  const { config, now, opKeys, fieldReader, viaName, identityOut, publicUrl } = services
  const { bearer, accessToken } = config.oidc
  const mapAccount = accountMapperFor(config.account, accessToken.accountTemplate)
  const accessTokens = bearer && new AccessTokenVerifier({ ...config.oidc, bearer }, opKeys, mapAccount, now)
  return {
    trust: {
      ...{ fieldReader, viaName },
      listener: config.listener,
      hostNames: [publicUrl.hostname, ...config.listener.hostNames].map(name => name.toLowerCase()),
    },
    newRequestId: randomUUID,
    classify: classifyParts(services, accessTokens),
    authenticate: { ...authenticateParts(services, accessTokens), provesPat },
    secondFactor: secondFactorParts(services, watch),
    identityOut,
    keepsBesideTokens: config.credentials.keepCookiesBesideTokens,
  }
}

function classifyParts(
  { config, cookies, fingerprints }: ClassifyNeeds,
  accessTokens: AccessTokenVerifier | undefined,
): PolicyParts['classify'] {
  return {
    credentials: config.credentials,
    issuers: new Set([config.oidc.issuer, ...config.oidc.issuerAliases]),
    cookies,
    isValidated: token => accessTokens?.knows(token) === true,
    fingerprintsOf: fingerprints.of,
  }
}

function authenticateParts(
  needs: AuthenticateNeeds,
  accessTokens: AccessTokenVerifier | undefined,
): Omit<PolicyParts['authenticate'], 'provesPat'> {
  const { config, now, metrics, audit, sessions, cookies, directory, rules, accountKey, publicUrl } = needs
  return {
    ...{ sessions, cookies, accessTokens, accountKey },
    refresh: sessionRefresh(needs),
    firstFactor:
      directory && new FirstFactor(directory, config.kerberos?.passwords.accept === true, config.account, now),
    ticketOpensSession: exchange => rules.ticketIsEnough(exchange),
    mismatch: (exchange, account, otherAccount) => {
      metrics.bindingMismatch()
      audit.write('account-mismatch', exchange, { account, otherAccount, code: 'account-mismatch' })
    },
    publicOrigin: publicUrl.origin,
    allowedOrigins: config.credentials.allowedOrigins,
  }
}

function sessionRefresh({ config, log, now, metrics, provider, sessions }: RefreshNeeds): SessionRefresh {
  return new SessionRefresh(provider, sessions, config.oidc, now, (outcome, cause) => {
    metrics.refresh(outcome)
    if (!(cause instanceof Error)) return
    log.warn({ 'event.action': 'session-refresh', 'event.outcome': outcome, 'error.message': causeChain(cause) })
  })
}

function secondFactorParts(
  { config, now, rules, grants, accountKey, refusal, metrics, audit }: SecondFactorNeeds,
  watch: PatWatch,
): PolicyParts['secondFactor'] {
  return {
    ...{ rules, grants, accountKey, now },
    settings: config.secondFactor,
    lastingRights: new LastingRights(config.secondFactor.lastingRights),
    offers: refusal.challenge.offers,
    formsCarryTokens: tokenCarriers(config.credentials.personalAccessTokens).forms,
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
