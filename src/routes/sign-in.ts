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
 *
 * A browser that opens a page in a window passes two more pages, which keep the fragment of its URL in the tab
 * (fragment.ts). One that returns to a sign-in that is no longer known begins again, for the page in its state
 * (sign-in-state.ts).
 *
 * A sign-in with an intent is begun by a form of Torhaus to confirm something: the OP must authenticate the person
 * anew (`prompt=login`, `max_age=0`), and only then is the intent carried out, for the account that began it.
 */

import type { AccountKeyOf } from '../account-key.ts'
import type { StepUp } from '../decision.ts'
import { Fault, toFault } from '../errors.ts'
import type { Evidence, Traced } from '../exchange.ts'
import { deviceOf } from '../http/device.ts'
import type { OpLogout } from '../oidc/op-logout.ts'
import { missingAccount, missingProof } from '../oidc/op-refusal.ts'
import type { Op, Ops } from '../oidc/ops.ts'
import type { TokenSet } from '../oidc/provider.ts'
import { signInEvidence } from '../oidc/sign-in-evidence.ts'
import type { Pages } from '../refusal/pages.ts'
import { keyOf } from '../session/opaque-id.ts'
import type { Intent, SessionStore, SignInRecord } from '../session/session-store.ts'
import type { Sessions } from '../session/sessions.ts'
import { type BeginSignInParts, beginSignIn } from './begin-sign-in.ts'
import { choicePage, chosenOp } from './choose-provider.ts'
import { departure, mayHaveFragment } from './fragment.ts'
import { type GoodSessionParts, hasGoodSession, judge, stepUpFrom } from './good-session.ts'
import { isHead } from './is-head.ts'
import type { Landing } from './landing.ts'
import { queryOf } from './query-of.ts'
import { type Reply, type Route, seeOther } from './reply.ts'
import { groupsAtSignIn, type SignInGroupsParts } from './sign-in-groups.ts'
import { type Aim, againFrom, MOST_AGAIN, newSignIn } from './sign-in-state.ts'
import { hintIn, passedOn, wantedPath } from './third-party-login.ts'

export interface SignInParts extends BeginSignInParts, GoodSessionParts, SignInGroupsParts {
  readonly pages: Pages
  readonly ops: Ops
  readonly sessions: Sessions
  /** Public origin, where people want to go. */
  readonly publicOrigin: string
  /** Where to redirect after the sign-in. */
  readonly landing: Landing
  readonly opLogout: OpLogout
  readonly store: SessionStore
  /** Maps all spellings of an account to one. */
  readonly accountKey: AccountKeyOf
  readonly confirmMaxAgeSeconds: number
  /** Carries out the intent of the person who has signed in anew for it. Resolves to the path to continue at. */
  readonly fulfil: (exchange: Traced, intent: Intent, person: Person) => Promise<string>
  /** Called if another account than that of the intent has signed in. */
  readonly mismatch: (exchange: Traced, account: string, intent: Intent) => void
}

export interface Person {
  readonly account: string
  /** In the form in which sessions store it. */
  readonly subject: string
  readonly evidence: Evidence
}

const stepUpIn = ({ maxAgeSeconds, acrValues }: SignInRecord): StepUp => ({
  maxAgeSeconds,
  acceptAcr: acrValues.length === 0 ? undefined : acrValues,
})

/** GET /.torhaus/sign-in?return_to=PATH[&max_age=SECONDS][&acr_values=VALUES], or as in third-party-login.ts */
export function startSignIn(parts: SignInParts): Route {
  const begin = beginSignIn(parts)
  return async exchange => {
    const query = queryOf(exchange)
    const returnTo = wantedPath(query, parts.ownOrigin, parts.publicOrigin)
    const stepUp = stepUpFrom(query, parts.rule)
    const landing = parts.landing(returnTo, stepUp)
    // The public host must first identify the browser.
    if (landing !== returnTo) return seeOther(landing + passedOn(query))
    if (await hasGoodSession(parts, exchange, stepUp)) return seeOther(returnTo)
    if (mayHaveFragment(exchange, query)) return departure(parts.pages, exchange, query, returnTo)
    const op = chosenOp(parts, exchange, query)
    if (op === undefined) return choicePage(parts, exchange, query)
    const loginHint = hintIn(query)
    return begin(exchange, { op, returnTo, stepUp, loginHint, again: againFrom(query.get('again')) })
  }
}

/** GET /.torhaus/callback, or /.torhaus/callback/NAME with several OPs: the redirect URI of this OP. */
export function completeSignIn(parts: SignInParts, op: Op): Route {
  return async exchange => {
    const given = queryOf(exchange).getAll('state')
    const state = given.length === 1 ? (given[0] ?? '') : ''
    let aim = parts.states.aimOf(state)
    if (isHead(exchange) && state !== '') return seeOther(parts.landing(aim?.returnTo ?? '/'))
    try {
      const record = state === '' ? undefined : await parts.store.takeSignIn(state)
      // A long aim does not fit into a state, so its restarts were not counted.
      if (record !== undefined) aim ??= { returnTo: record.returnTo, stepUp: stepUpIn(record), again: MOST_AGAIN }
      return await complete(parts, op, exchange, record, aim)
    } catch (error) {
      const fault = toFault(error)
      // Without the browser cookie, it would fail again.
      const mayBeAutomatic = fault.code === 'sign-in-unknown' && browserIdOf(parts, exchange) !== undefined
      if (aim !== undefined) fault.signIn = newSignIn(aim, mayBeAutomatic)
      throw fault
    }
  }
}

async function complete(
  parts: SignInParts,
  op: Op,
  exchange: Traced,
  record: SignInRecord | undefined,
  aim: Aim | undefined,
): Promise<Reply> {
  // A session that already suffices takes precedence over a stale callback and over that of a second tab.
  const usual = { maxAgeSeconds: parts.rule.maxAgeSeconds, acceptAcr: undefined }
  const stepUp = record === undefined ? (aim?.stepUp ?? usual) : stepUpIn(record)
  if (record?.intent === undefined && (await hasGoodSession(parts, exchange, stepUp)))
    return seeOther(parts.landing(record?.returnTo ?? aim?.returnTo ?? '/'))
  const browserId = browserIdOf(parts, exchange)
  if (record === undefined || record.expiresAtMs < parts.now()) throw new Fault('sign-in-unknown')
  // Tabs opened at the same time each got an id, and the browser kept only one.
  if (browserId === undefined || keyOf(browserId) !== record.browserKey) throw new Fault('sign-in-unknown')
  // A response to a request to another OP (mix-up, RFC 9700 4.4) would be taken for that OP's.
  if (parts.ops.only === undefined && parts.states.askedOf(record.state).provider !== op.name) {
    parts.report('refused', exchange)
    throw new Fault('sign-in-other-provider')
  }
  return finish(parts, op, exchange, record)
}

async function finish(parts: SignInParts, op: Op, exchange: Traced, record: SignInRecord): Promise<Reply> {
  const callback = new URL(exchange.target.raw, parts.ownOrigin)
  const tokens = await op.provider.exchangeCode(callback, record).catch((error: unknown) => {
    parts.report('refused', exchange)
    throw error
  })
  const { id, person } = await openSession(parts, op, exchange, record, tokens)
  const { intent, returnTo } = record
  const next = intent === undefined ? returnTo : await parts.fulfil(exchange, intent, person)
  const earlier = parts.cookies.sessionIn(exchange.fields.kept.cookie)
  if (earlier !== undefined) await parts.sessions.end(earlier)
  parts.report('completed', exchange, person.account)
  const remembered = parts.ops.only === undefined ? [parts.cookies.provider(op.name)] : []
  return seeOther(parts.landing(next), [parts.cookies.session(id), ...remembered])
}

async function openSession(
  parts: SignInParts,
  op: Op,
  exchange: Traced,
  record: SignInRecord,
  tokens: TokenSet,
): Promise<{ id: string; person: Person }> {
  const { sessions, ops, opLogout, accountKey, report } = parts
  const { mapAccount, settings } = op
  const { claims, idToken, refreshToken } = tokens
  const { anewAtMs } = parts.states.askedOf(record.state)
  const evidence = signInEvidence(settings, parts.rule, claims, anewAtMs, parts.now())
  const verdict = judgeOutcome(parts, op, record, evidence)
  const account = await mapAccount(claims)
  const refusal = verdict !== 'satisfied' ? verdict : account === undefined ? 'account-unmapped' : undefined
  if (refusal !== undefined || account === undefined) {
    report(refusal ?? 'account-unmapped', exchange, account)
    const cause =
      verdict === 'satisfied'
        ? missingAccount(claims, op.accountTemplate)
        : missingProof(claims, settings.idToken, evidence, stepUpIn(record), parts.now())
    throw new Fault(refusal ?? 'account-unmapped', cause)
  }
  if (record.intent !== undefined && record.intent.accountKey !== accountKey(account)) {
    parts.mismatch(exchange, account, record.intent)
    throw new Fault('confirmation-other-account')
  }
  const subject = ops.stored(op, String(claims.sub))
  const groups = groupsAtSignIn(parts, op, exchange, { claims, subject, account, evidence })
  const opSessionId = typeof claims.sid === 'string' ? ops.stored(op, claims.sid) : undefined
  const id = await sessions.open(
    {
      ...{ account, accountKey: accountKey(account), evidence, subject, opSessionId },
      from: { address: exchange.clientAddress, ...deviceOf(exchange.fields.kept['user-agent']) },
    },
    { idToken, refreshToken, groups },
  )
  if (await opLogout.hasEnded({ subject, opSessionId, issuedAtS: Number(claims.iat) })) {
    await sessions.end(id)
    report('sign-in-overtaken', exchange, account)
    throw new Fault('sign-in-overtaken')
  }
  return { id, person: { account, subject, evidence } }
}

/** Without a new authentication, or with one from before, an intent is not satisfied. */
function judgeOutcome(parts: SignInParts, { settings }: Op, record: SignInRecord, evidence: Evidence) {
  const { rule, confirmMaxAgeSeconds } = parts
  const usualAgeSeconds =
    record.intent === undefined ? rule.maxAgeSeconds : Math.min(rule.maxAgeSeconds, confirmMaxAgeSeconds)
  const verdict = judge(parts, stepUpIn(record), evidence, usualAgeSeconds)
  if (verdict !== 'satisfied' || record.intent === undefined) return verdict
  const begunAtS = Math.floor(record.intent.begunAtMs / 1000)
  return (evidence.authTime ?? 0) >= begunAtS - settings.clockToleranceSeconds ? 'satisfied' : 'second-factor-stale'
}

const browserIdOf = ({ cookies }: SignInParts, { fields }: Traced) => cookies.browserIn(fields.kept.cookie)
