/** Assigns Torhaus' own pages to their paths. */

import { asksForGroups } from '../../config/group-rules.ts'
import { AssertionIdentity } from '../identity/assertion-identity.ts'
import type { GrantEvent, OpLogoutChannel, OpLogoutOutcome, PatEvent } from '../observability/events.ts'
import { LogoutTokenClaims } from '../oidc/logout-token-claims.ts'
import { OpLogout } from '../oidc/op-logout.ts'
import type { Op } from '../oidc/ops.ts'
import type { SessionRefresh } from '../oidc/session-refresh.ts'
import { secondFactorSettings } from '../policy/second-factor.ts'
import { endSession, revokeGrant, signOutEverywhere } from '../routes/account-actions.ts'
import { accountPage } from '../routes/account-page.ts'
import { backChannelLogout } from '../routes/back-channel-logout.ts'
import { beginSignIn } from '../routes/begin-sign-in.ts'
import { askToConfirm, confirm, confirmed, DISOWNED_PATHS, disown, disowned } from '../routes/confirm.ts'
import { findGrantRequest, grantRequested } from '../routes/confirm-grant.ts'
import { confirmPatAhead, findPatRequest, patConfirmed, withdrawPat } from '../routes/confirm-pat.ts'
import { leaveAtOnce, leaveByPublicHost } from '../routes/farewell.ts'
import { formPost } from '../routes/form-post.ts'
import { arrived } from '../routes/fragment.ts'
import { frontChannelLogout } from '../routes/front-channel-logout.ts'
import { gitPage, helperFile } from '../routes/git-page.ts'
import { keySetRoute } from '../routes/key-set.ts'
import { landByHandOver, landThere } from '../routes/landing.ts'
import { navigationOnly } from '../routes/navigation-only.ts'
import { allowPat, askToAllowPat, blockPat } from '../routes/pat-actions.ts'
import type { Route } from '../routes/reply.ts'
import { selfTest } from '../routes/self-test.ts'
import { completeSignIn, type SignInParts, startSignIn } from '../routes/sign-in.ts'
import { askToSignOut, signedOut, signOut } from '../routes/sign-out.ts'
import { startByForm } from '../routes/third-party-login.ts'
import type { Services } from './open-services.ts'
import { type OwnHostRouteParts, routesOfBothHosts } from './own-host-routes.ts'

type LogoutNeeds = Pick<Services, 'audit' | 'config' | 'metrics' | 'now' | 'ops' | 'refusal' | 'stores'>
type AccountNeeds = Pick<
  Services,
  | 'accountKey'
  | 'accountNames'
  | 'changes'
  | 'cookies'
  | 'grants'
  | 'ownHost'
  | 'ownOrigin'
  | 'patConfirmations'
  | 'pats'
  | 'publicUrl'
  | 'sessions'
>
export type EndpointNeeds = LogoutNeeds &
  AccountNeeds &
  Pick<Services, 'formTokens' | 'identityOut' | 'selfTestKeys' | 'outsider' | 'signInStates'> & {
    readonly refresh: SessionRefresh
  }

/** Torhaus' own pages, by method and path. */
export function endpoints(services: EndpointNeeds): Readonly<Record<string, Route>> {
  const { stores, sessions, grants, accountKey, changes, identityOut } = services
  const forget = (account: string) => changes.publish({ kind: 'account', account })
  const opLogout = new OpLogout({ sessions, grants, store: stores.sessions, changes, accountKey, forget })
  const windows = Object.entries(pagesOf(services, opLogout, forget))
  const logouts = logoutRoutes(services, opLogout)
  const pages = Object.fromEntries(windows.map(([key, route]) => [key, navigationOnly(route)]))
  const others = { 'GET /.torhaus/torhaus-credential.mjs': helperFile(), ...logouts.front }
  const answerSelfTest = selfTest(services.selfTestKeys)
  const shared = {
    'GET /.torhaus/self-test': answerSelfTest,
    'GET /.torhaus/self-test/*': answerSelfTest,
    'GET /.torhaus/jwks.json': keySetRoute(
      identityOut instanceof AssertionIdentity ? identityOut.keySet : { keys: [] },
    ),
    ...logouts.back,
  }
  const bothHosts = bothHostsOf(services)
  return bothHosts === undefined
    ? { ...pages, ...others, ...shared }
    : routesOfBothHosts(bothHosts, { pages, others, shared })
}

/** Undefined: Torhaus' pages have no host of their own. */
function bothHostsOf(services: EndpointNeeds): OwnHostRouteParts | undefined {
  const { config, now, sessions, refresh, cookies, publicUrl, ownOrigin, ownHost, signInStates: states } = services
  const { isOwnHost } = services.refusal
  if (ownHost === undefined || isOwnHost === undefined) return undefined
  const { referrals, handOvers } = ownHost
  const both = {
    ...{ sessions, refresh, states, referrals, handOvers, now },
    rule: secondFactorSettings(config),
    publicOrigin: publicUrl.origin,
  }
  return {
    isOwnHost,
    own: { ...both, cookies: ownHost.cookies },
    public: { ...both, cookies, ownOrigin, limits: config.session },
  }
}

/** The pages that people open in a browser window. */
function pagesOf(
  services: EndpointNeeds,
  opLogout: OpLogout,
  forget: (account: string) => void,
): Record<string, Route> {
  const { config, now, metrics, ops, sessions, refresh, publicUrl, ownOrigin, ownHost, audit } = services
  const { grants, pats, patConfirmations, accountKey, formTokens } = services
  const accountKeys = services.accountNames.keysOf
  const publicOrigin = publicUrl.origin
  const rule = secondFactorSettings(config)
  const cookies = ownHost?.cookies ?? services.cookies
  const home = ownHost === undefined ? '/' : `${publicOrigin}/`
  const farewell = ownHost === undefined ? leaveAtOnce : leaveByPublicHost(ownHost.handOvers, publicOrigin)
  const { pages } = services.refusal
  const session = { pages, sessions, refresh, cookies, rule, ownOrigin, publicOrigin, home, now }
  const begin = {
    ...{ ops, store: services.stores.sessions, cookies, ownOrigin, now },
    states: services.signInStates,
    limits: config.session,
    report: reportSignIn(services),
  }
  const count = (event: GrantEvent) => metrics.grant(event)
  const tokens = { pats, patConfirmations, patPolicy: config.credentials.patPolicy, networks: rule.grants }
  const who = { accountKey, accountKeys, audit, count, forget, farewell, forms: formTokens }
  const ownParts = { ...session, ...tokens, ...who, ops, grants }
  const acts = { ...ownParts, begin: beginSignIn(begin) }
  const patParts = { ...acts, countPat: (event: PatEvent) => metrics.pat(event) }
  const grantParts = { ...acts, settings: config.secondFactor }
  const confirmParts = { ...grantParts, findRequest: [findGrantRequest(grantParts), findPatRequest(patParts)] }
  const fulfil = {
    confirm: grantRequested(grantParts),
    'confirm-pat': patConfirmed(patParts),
    'allow-pat': allowPat(patParts),
  }
  const signInParts: SignInParts = {
    ...{ ...session, ...begin, opLogout, accountKey },
    landing: ownHost === undefined ? landThere : landByHandOver(publicOrigin),
    confirmMaxAgeSeconds: rule.grants.confirmMaxAgeSeconds,
    readsGroups: asksForGroups(config),
    outsider: services.outsider,
    fulfil: (exchange, intent, person) => fulfil[intent.kind](exchange, intent, person),
    mismatch: (exchange, account, { accountKey: otherAccount }) => {
      count('refused')
      audit.write('confirmation-refused', exchange, { account, code: 'confirmation-other-account', otherAccount })
    },
  }
  const signOutParts = { ...session, ops, referrals: ownHost?.referrals, farewell, audit, forget }
  return {
    'GET /.torhaus/': accountPage(ownParts),
    'GET /.torhaus': accountPage(ownParts),
    'POST /.torhaus/grants/:id': revokeGrant(ownParts),
    'POST /.torhaus/pats/block/:fingerprint': blockPat(patParts),
    'POST /.torhaus/pats/allow/:fingerprint': askToAllowPat(patParts),
    'POST /.torhaus/pats/confirm/:fingerprint/:network': confirmPatAhead(patParts),
    'POST /.torhaus/pats/withdraw/:fingerprint/:network': withdrawPat(patParts),
    'POST /.torhaus/sessions/:key': endSession(ownParts),
    'POST /.torhaus/sign-out-everywhere': signOutEverywhere(ownParts),
    'GET /.torhaus/confirm/:code': askToConfirm(confirmParts),
    'POST /.torhaus/confirm/:code': confirm(confirmParts),
    'POST /.torhaus/disown/:code': disown(confirmParts),
    [`GET ${DISOWNED_PATHS.password}`]: disowned(pages, 'password'),
    [`GET ${DISOWNED_PATHS.token}`]: disowned(pages, 'token'),
    'GET /.torhaus/confirmed': confirmed(pages),
    'GET /.torhaus/git': gitPage(ownParts),
    'GET /.torhaus/sign-in': startSignIn(signInParts),
    'POST /.torhaus/sign-in': startByForm,
    'GET /.torhaus/arrived': arrived(pages, ownOrigin),
    ...Object.fromEntries(ops.all.flatMap(op => callbacks(signInParts, op))),
    'GET /.torhaus/sign-out': askToSignOut(signOutParts),
    'POST /.torhaus/sign-out': signOut(signOutParts),
    'GET /.torhaus/signed-out': signedOut(signOutParts),
  }
}

function callbacks(parts: SignInParts, op: Op): [string, Route][] {
  const { callbackPath, settings } = op
  const callback: [string, Route] = [`GET ${callbackPath}`, completeSignIn(parts, op)]
  return settings.responseMode === 'form_post' ? [callback, [`POST ${callbackPath}`, formPost]] : [callback]
}

/** The endpoints where the OP announces logouts. */
function logoutRoutes(
  { now, metrics, stores, ops, audit, refusal }: LogoutNeeds,
  opLogout: OpLogout,
): Readonly<Record<'back' | 'front', Readonly<Record<string, Route>>>> {
  const hasFrontChannel = ops.all.some(({ settings }) => settings.frontChannelLogout)
  const countLogout = (channel: OpLogoutChannel, outcome: OpLogoutOutcome) => metrics.opLogout(channel, outcome)
  const parts = { pages: refusal.pages, ops, opLogout, audit, countLogout, now }
  return {
    back: {
      'POST /.torhaus/backchannel-logout': backChannelLogout({
        ...parts,
        claims: new LogoutTokenClaims(stores.sessions),
      }),
    },
    front: hasFrontChannel ? { 'GET /.torhaus/frontchannel-logout': frontChannelLogout(parts) } : {},
  }
}

function reportSignIn({ metrics, audit }: Pick<Services, 'audit' | 'metrics'>): SignInParts['report'] {
  return (event, exchange, account) => {
    metrics.signIn(event)
    if (event === 'completed') audit.write('sign-in', exchange, { account })
    else if (event !== 'started')
      audit.write('sign-in-refused', exchange, { account, code: event === 'refused' ? 'sign-in-refused' : event })
  }
}
