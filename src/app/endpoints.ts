/** Which of our own pages stands where. */

import { AssertionIdentity } from '../identity/assertion-identity.ts'
import type { GrantEvent, OpLogoutChannel, OpLogoutOutcome, PatEvent } from '../observability/events.ts'
import { accountMapper } from '../oidc/account.ts'
import { OpLogout } from '../oidc/op-logout.ts'
import { endSession, revokeGrant, signOutEverywhere } from '../routes/account-actions.ts'
import { accountPage } from '../routes/account-page.ts'
import { backChannelLogout } from '../routes/back-channel-logout.ts'
import { askToConfirm, confirm } from '../routes/confirm.ts'
import { frontChannelLogout } from '../routes/front-channel-logout.ts'
import { gitPage, helperFile } from '../routes/git-page.ts'
import { keySetRoute } from '../routes/key-set.ts'
import { blockPat } from '../routes/pat-actions.ts'
import type { Route } from '../routes/reply.ts'
import { completeSignIn, type SignInParts, startSignIn } from '../routes/sign-in.ts'
import { askToSignOut, signedOut, signOut } from '../routes/sign-out.ts'
import type { Services } from './open-services.ts'

type LogoutNeeds = Pick<Services, 'audit' | 'config' | 'metrics' | 'now' | 'opKeys' | 'publicUrl' | 'stores'>
type AccountNeeds = Pick<
  Services,
  'accountKey' | 'accountNames' | 'changes' | 'cookies' | 'grants' | 'pats' | 'sessions'
>
export type EndpointNeeds = LogoutNeeds & AccountNeeds & Pick<Services, 'identityOut' | 'provider'>

/** Torhaus' own pages, by method and path. */
export function endpoints(services: EndpointNeeds): Record<string, Route> {
  const { config, now, metrics, provider, sessions, stores, cookies, identityOut, publicUrl, audit, changes } = services
  const publicOrigin = publicUrl.origin
  const { grants, pats, accountKey } = services
  const accountKeys = services.accountNames.keysOf
  const forget = (account: string) => changes.publish({ kind: 'account', account })
  const opLogout = new OpLogout({ sessions, grants, store: stores.sessions, accountKey, forget })
  const signInParts = {
    ...{ provider, sessions, opLogout, store: stores.sessions, cookies, publicOrigin, now },
    mapAccount: accountMapper(config.account),
    accountKey,
    rule: config.secondFactor,
    limits: config.session,
    report: reportSignIn(services),
  }
  const signOutParts = { provider, sessions, cookies, publicOrigin, audit, forget }
  const count = (event: GrantEvent) => metrics.grant(event)
  const ownParts = { sessions, grants, pats, cookies, accountKey, accountKeys, publicOrigin, audit, count, forget, now }
  const patParts = { ...ownParts, countPat: (event: PatEvent) => metrics.pat(event) }
  const confirmParts = { ...ownParts, settings: config.secondFactor }
  return {
    'GET /.torhaus/': accountPage(ownParts),
    'GET /.torhaus': accountPage(ownParts),
    'POST /.torhaus/grants/:id': revokeGrant(ownParts),
    'POST /.torhaus/pats/block/:fingerprint': blockPat(patParts, true),
    'POST /.torhaus/pats/allow/:fingerprint': blockPat(patParts, false),
    'POST /.torhaus/sessions/:key': endSession(ownParts),
    'POST /.torhaus/sign-out-everywhere': signOutEverywhere(ownParts),
    'GET /.torhaus/confirm/:code': askToConfirm(confirmParts),
    'POST /.torhaus/confirm/:code': confirm(confirmParts),
    'GET /.torhaus/git': gitPage({ ...ownParts, provider, oidc: config.oidc }),
    'GET /.torhaus/torhaus-credential.mjs': helperFile(),
    'GET /.torhaus/sign-in': startSignIn(signInParts),
    'GET /.torhaus/callback': completeSignIn(signInParts),
    'GET /.torhaus/sign-out': askToSignOut(signOutParts),
    'POST /.torhaus/sign-out': signOut(signOutParts),
    'GET /.torhaus/signed-out': signedOut(),
    'GET /.torhaus/jwks.json': keySetRoute(
      identityOut instanceof AssertionIdentity ? identityOut.keySet : { keys: [] },
    ),
    ...logoutRoutes(services, opLogout),
  }
}

/** Where the OP tells of logouts. */
function logoutRoutes(
  { config, now, metrics, stores, opKeys, publicUrl, audit }: LogoutNeeds,
  opLogout: OpLogout,
): Record<string, Route> {
  const { clientId, issuer, frontChannelLogout: hasFrontChannel } = config.oidc
  const countLogout = (channel: OpLogoutChannel, outcome: OpLogoutOutcome) => metrics.opLogout(channel, outcome)
  const parts = { opLogout, audit, countLogout, publicOrigin: publicUrl.origin, now }
  const tokens = { keys: opKeys, clientId, now }
  return {
    'POST /.torhaus/backchannel-logout': backChannelLogout({ ...parts, tokens, store: stores.sessions }),
    ...(hasFrontChannel && { 'GET /.torhaus/frontchannel-logout': frontChannelLogout({ ...parts, issuer }) }),
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
