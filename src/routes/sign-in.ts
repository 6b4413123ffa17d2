/**
 * Sign-in at the OP: authorization code (OIDC Core 3.1) with PKCE, state and nonce.
 *
 *   browser                      Torhaus                                       OP
 *     | GET /.torhaus/sign-in      |                                           |
 *     |--------------------------->| state, nonce, verifier -> store           |
 *     |<-- 303, browser cookie ----|                                           |
 *     |------------------------------ authorization request ------------------>|  password, second factor
 *     |<----------------------------- 303 to the callback, code ---------------|
 *     | GET /.torhaus/callback     | sign-in taken from the store, once        |
 *     |--------------------------->|------------- code, verifier ------------->|
 *     |                            |<------------ ID token, refresh token -----|
 *     |<-- 303, new session id ----| second factor judged, account mapped      |
 */

import { createHash } from 'node:crypto'
import type { Config } from '../../config/schema.ts'
import type { AccountKeyOf } from '../account-key.ts'
import type { Clock } from '../clock.ts'
import type { StepUp } from '../decision.ts'
import { Fault } from '../errors.ts'
import type { Evidence, Traced } from '../exchange.ts'
import { readCookie } from '../http/cookie.ts'
import { OWN_PREFIX } from '../http/request-target.ts'
import type { SignInEvent } from '../observability/events.ts'
import type { AccountMapper } from '../oidc/account.ts'
import { evidenceFrom } from '../oidc/claims.ts'
import type { OpLogout } from '../oidc/op-logout.ts'
import type { OpenIdProvider, TokenSet } from '../oidc/provider.ts'
import { judgeSecondFactor, type SecondFactorRule } from '../policy/second-factor.ts'
import { isOpaqueId, keyOf, newOpaqueId } from '../session/opaque-id.ts'
import type { SessionCookies } from '../session/session-cookie.ts'
import type { SessionStore, SignInRecord } from '../session/session-store.ts'
import type { Sessions } from '../session/sessions.ts'
import { currentSession } from './current-session.ts'
import { type Reply, type Route, seeOther } from './reply.ts'
import { safeReturnPath } from './return-path.ts'

export interface SignInParts {
  readonly provider: OpenIdProvider
  readonly sessions: Sessions
  readonly opLogout: OpLogout
  readonly store: SessionStore
  readonly cookies: SessionCookies
  readonly rule: SecondFactorRule
  readonly mapAccount: AccountMapper
  /** One spelling per account. */
  readonly accountKey: AccountKeyOf
  readonly limits: Pick<Config['session'], 'maxSignInsInFlight' | 'signInTimeoutSeconds'>
  readonly publicOrigin: string
  readonly now: Clock
  readonly report: (event: SignInEvent, exchange: Traced, account?: string) => void
}

const CALLBACK_PATH = `${OWN_PREFIX}/callback`

const MIN_MAX_AGE_S = 10
const MAX_ACR_LENGTH = 2048
const MAX_ACR_VALUES = 50

/** What this sign-in must prove beyond what every one must. It comes in the query, from anybody: so it can only ask for more. */
function stepUpFrom(query: URLSearchParams, { maxAgeSeconds }: SecondFactorRule): StepUp {
  const asked = query.get('max_age') ?? ''
  const acrText = query.get('acr_values') ?? ''
  const acrValues = acrText.split(' ').filter(Boolean)
  // It is stored for each sign-in that anybody begins. Cut short, it would ask for something else.
  if (acrText.length > MAX_ACR_LENGTH || acrValues.length > MAX_ACR_VALUES) throw new Fault('sign-in-malformed')
  return {
    maxAgeSeconds: /^\d{1,9}$/.test(asked)
      ? Math.max(MIN_MAX_AGE_S, Math.min(maxAgeSeconds, Number(asked)))
      : maxAgeSeconds,
    acceptAcr: acrValues.length === 0 ? undefined : acrValues,
  }
}

function judge({ rule, now }: SignInParts, { maxAgeSeconds, acceptAcr }: StepUp, evidence: Evidence) {
  const isAsked = acceptAcr === undefined || acceptAcr.includes(evidence.acr ?? '')
  return isAsked ? judgeSecondFactor({ ...rule, maxAgeSeconds }, evidence, now()) : 'second-factor-missing'
}

const stepUpIn = ({ maxAgeSeconds, acrValues }: SignInRecord): StepUp => ({
  maxAgeSeconds,
  acceptAcr: acrValues.length === 0 ? undefined : acrValues,
})

/** GET /.torhaus/sign-in?return_to=PATH[&max_age=SECONDS][&acr_values=VALUES] */
export function startSignIn(parts: SignInParts): Route {
  const { provider, store, cookies, limits, publicOrigin } = parts
  return async exchange => {
    const query = queryOf(exchange, publicOrigin)
    const returnTo = safeReturnPath(query.get('return_to'), publicOrigin)
    const stepUp = stepUpFrom(query, parts.rule)
    const acrValues = stepUp.acceptAcr ?? []
    if (await hasGoodSession(parts, exchange, stepUp)) return seeOther(returnTo)
    const given = cookieOf(exchange, cookies.browserName)
    const browserId = given !== undefined && isOpaqueId(given) ? given : newOpaqueId()
    const record: SignInRecord = {
      state: newOpaqueId(),
      browserKey: keyOf(browserId),
      nonce: newOpaqueId(),
      codeVerifier: newOpaqueId(),
      returnTo,
      ...{ maxAgeSeconds: stepUp.maxAgeSeconds, acrValues },
      expiresAtMs: parts.now() + limits.signInTimeoutSeconds * 1000,
    }
    const location = await provider.authorizationUrl({
      redirectUri: publicOrigin + CALLBACK_PATH,
      state: record.state,
      nonce: record.nonce,
      codeChallenge: createHash('sha256').update(record.codeVerifier).digest('base64url'),
      ...{ maxAgeSeconds: stepUp.maxAgeSeconds, acrValues },
    })
    await store.addSignIn(record, limits.maxSignInsInFlight)
    parts.report('started', exchange)
    return seeOther(location, [cookies.browser(browserId, limits.signInTimeoutSeconds)])
  }
}

/** GET /.torhaus/callback: where the OP sends the browser back to. */
export function completeSignIn(parts: SignInParts): Route {
  const { store, cookies, publicOrigin } = parts
  return async exchange => {
    const states = queryOf(exchange, publicOrigin).getAll('state')
    const record = states.length === 1 ? await store.takeSignIn(states[0] ?? '') : undefined
    // A session that is good already wins, over a stale callback as well as over a second tab's.
    const stepUp =
      record === undefined ? { maxAgeSeconds: parts.rule.maxAgeSeconds, acceptAcr: undefined } : stepUpIn(record)
    if (await hasGoodSession(parts, exchange, stepUp)) return seeOther(record?.returnTo ?? '/')
    const browserId = cookieOf(exchange, cookies.browserName)
    if (record === undefined || record.expiresAtMs < parts.now()) throw new Fault('sign-in-unknown')
    if (browserId === undefined || keyOf(browserId) !== record.browserKey) throw new Fault('sign-in-unknown')
    return finish(parts, exchange, record)
  }
}

async function finish(parts: SignInParts, exchange: Traced, record: SignInRecord): Promise<Reply> {
  const callback = new URL(exchange.target.raw, parts.publicOrigin)
  const tokens = await parts.provider.exchangeCode(callback, record).catch((error: unknown) => {
    parts.report('refused', exchange)
    throw error
  })
  const { id, account } = await openSession(parts, exchange, stepUpIn(record), tokens)
  const earlier = cookieOf(exchange, parts.cookies.sessionName)
  if (earlier !== undefined) await parts.sessions.end(earlier)
  parts.report('completed', exchange, account)
  return seeOther(record.returnTo, [parts.cookies.session(id)])
}

async function openSession(
  parts: SignInParts,
  exchange: Traced,
  stepUp: StepUp,
  tokens: TokenSet,
): Promise<{ id: string; account: string }> {
  const { sessions, opLogout, mapAccount, accountKey, report } = parts
  const { claims, idToken, refreshToken } = tokens
  const evidence = evidenceFrom(claims)
  const verdict = judge(parts, stepUp, evidence)
  const account = mapAccount(claims)
  const refusal = verdict !== 'satisfied' ? verdict : account === undefined ? 'account-unmapped' : undefined
  if (refusal !== undefined || account === undefined) {
    report(refusal ?? 'account-unmapped', exchange, account)
    throw new Fault(refusal ?? 'account-unmapped')
  }
  const sid = claims.sid
  const id = await sessions.open(
    {
      ...{ account, accountKey: accountKey(account), evidence },
      subject: String(claims.sub),
      opSessionId: typeof sid === 'string' ? sid : undefined,
    },
    { idToken, refreshToken },
  )
  if (await opLogout.hasEnded(claims)) {
    await sessions.end(id)
    report('sign-in-overtaken', exchange, account)
    throw new Fault('sign-in-overtaken')
  }
  return { id, account }
}

async function hasGoodSession(parts: SignInParts, exchange: Traced, stepUp: StepUp): Promise<boolean> {
  const session = await currentSession(exchange, parts.sessions, parts.cookies)
  return session !== undefined && judge(parts, stepUp, session.record.evidence) === 'satisfied'
}

const cookieOf = ({ fields }: Traced, name: string) =>
  fields.kept.cookie === undefined ? undefined : readCookie(fields.kept.cookie, name)

const queryOf = ({ target }: Traced, publicOrigin: string) => new URL(target.raw, publicOrigin).searchParams
