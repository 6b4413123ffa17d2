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
import type { Clock } from '../clock.ts'
import { Fault } from '../errors.ts'
import type { Traced } from '../exchange.ts'
import { readCookie } from '../http/cookie.ts'
import { OWN_PREFIX } from '../http/request-target.ts'
import { safeReturnPath } from '../http/return-url.ts'
import type { AccountMapper } from '../oidc/account.ts'
import { evidenceFrom } from '../oidc/claims.ts'
import type { OpenIdProvider, TokenSet } from '../oidc/provider.ts'
import { judgeSecondFactor, type SecondFactorRule } from '../oidc/second-factor-rule.ts'
import { isOpaqueId, keyOf, newOpaqueId, type SessionCookies } from '../session/session-cookie.ts'
import type { Sessions } from '../session/sessions.ts'
import type { SessionStore, SignInRecord } from '../session/store.ts'
import { type Reply, type Route, seeOther } from './reply.ts'

export interface SignInParts {
  readonly provider: OpenIdProvider
  readonly sessions: Sessions
  readonly store: SessionStore
  readonly cookies: SessionCookies
  readonly rule: SecondFactorRule
  readonly mapAccount: AccountMapper
  readonly limits: Pick<Config['session'], 'maxSignInsInFlight' | 'signInTimeoutSeconds'>
  readonly publicOrigin: string
  readonly now: Clock
  readonly report: (event: SignInEvent) => void
}

export type SignInEvent =
  | 'started'
  | 'completed'
  | 'second-factor-missing'
  | 'second-factor-stale'
  | 'account-unmapped'
  | 'refused'

const CALLBACK_PATH = `${OWN_PREFIX}/callback`

/** GET /.torhaus/sign-in?return_to=PATH */
export function startSignIn(parts: SignInParts): Route {
  const { provider, store, cookies, limits, publicOrigin } = parts
  return async exchange => {
    const returnTo = safeReturnPath(queryOf(exchange, publicOrigin).get('return_to'), publicOrigin)
    if (await hasGoodSession(parts, exchange)) return seeOther(returnTo)
    const given = cookieOf(exchange, cookies.browserName)
    const browserId = given !== undefined && isOpaqueId(given) ? given : newOpaqueId()
    const record: SignInRecord = {
      state: newOpaqueId(),
      browserKey: keyOf(browserId),
      nonce: newOpaqueId(),
      codeVerifier: newOpaqueId(),
      returnTo,
      expiresAtMs: parts.now() + limits.signInTimeoutSeconds * 1000,
    }
    const location = await provider.authorizationUrl({
      redirectUri: publicOrigin + CALLBACK_PATH,
      state: record.state,
      nonce: record.nonce,
      codeChallenge: createHash('sha256').update(record.codeVerifier).digest('base64url'),
      maxAgeSeconds: parts.rule.maxAgeSeconds,
    })
    await store.addSignIn(record, limits.maxSignInsInFlight)
    parts.report('started')
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
    if (await hasGoodSession(parts, exchange)) return seeOther(record?.returnTo ?? '/')
    const browserId = cookieOf(exchange, cookies.browserName)
    if (record === undefined || record.expiresAtMs < parts.now()) throw new Fault('sign-in-unknown')
    if (browserId === undefined || keyOf(browserId) !== record.browserKey) throw new Fault('sign-in-unknown')
    return finish(parts, exchange, record)
  }
}

async function finish(parts: SignInParts, exchange: Traced, record: SignInRecord): Promise<Reply> {
  const callback = new URL(exchange.target.raw, parts.publicOrigin)
  const tokens = await parts.provider.exchangeCode(callback, record).catch((error: unknown) => {
    parts.report('refused')
    throw error
  })
  const id = await openSession(parts, tokens)
  const earlier = cookieOf(exchange, parts.cookies.sessionName)
  if (earlier !== undefined) await parts.sessions.end(earlier)
  parts.report('completed')
  return seeOther(record.returnTo, [parts.cookies.session(id)])
}

async function openSession(
  { sessions, rule, mapAccount, now, report }: SignInParts,
  tokens: TokenSet,
): Promise<string> {
  const { claims, idToken, refreshToken } = tokens
  const evidence = evidenceFrom(claims)
  const verdict = judgeSecondFactor(rule, evidence, now())
  const account = mapAccount(claims)
  const refusal = verdict !== 'satisfied' ? verdict : account === undefined ? 'account-unmapped' : undefined
  if (refusal !== undefined || account === undefined) {
    report(refusal ?? 'account-unmapped')
    throw new Fault(refusal ?? 'account-unmapped')
  }
  const sid = claims.sid
  return sessions.open(
    { subject: String(claims.sub), opSessionId: typeof sid === 'string' ? sid : undefined, account, evidence },
    { idToken, refreshToken },
  )
}

async function hasGoodSession({ sessions, cookies, rule, now }: SignInParts, exchange: Traced): Promise<boolean> {
  const id = cookieOf(exchange, cookies.sessionName)
  const session = id === undefined ? undefined : await sessions.find(id)
  return session !== undefined && judgeSecondFactor(rule, session.record.evidence, now()) === 'satisfied'
}

const cookieOf = ({ fields }: Traced, name: string) =>
  fields.kept.cookie === undefined ? undefined : readCookie(fields.kept.cookie, name)

const queryOf = ({ target }: Traced, publicOrigin: string) => new URL(target.raw, publicOrigin).searchParams
