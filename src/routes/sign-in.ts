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
 * A browser that opens a page in a window passes two pages more, which keep the fragment of its URL in the tab
 * (fragment.ts). One that comes back to a sign-in that is not known any more begins it again, for the page that the
 * state names (sign-in-state.ts).
 *
 * A sign-in with an intent is one that a form of ours has begun, to confirm something: the OP asks anew
 * (`prompt=login`, `max_age=0`), and what was intended is done only if it did, for the account that began it.
 */

import type { AccountKeyOf } from '../account-key.ts'
import type { StepUp } from '../decision.ts'
import { Fault, toFault } from '../errors.ts'
import type { Evidence, Traced } from '../exchange.ts'
import { readCookie } from '../http/cookie.ts'
import type { OpLogout } from '../oidc/op-logout.ts'
import { missingProof } from '../oidc/op-refusal.ts'
import type { Op, Ops } from '../oidc/ops.ts'
import type { TokenSet } from '../oidc/provider.ts'
import type { SessionRefresh } from '../oidc/session-refresh.ts'
import { signInEvidence } from '../oidc/sign-in-evidence.ts'
import { judgeSecondFactor, type SecondFactorRule } from '../policy/second-factor.ts'
import { keyOf } from '../session/opaque-id.ts'
import type { Intent, SessionStore, SignInRecord } from '../session/session-store.ts'
import type { Sessions } from '../session/sessions.ts'
import { type BeginSignInParts, beginSignIn } from './begin-sign-in.ts'
import { choicePage, chosenOp } from './choose-provider.ts'
import { currentSession } from './current-session.ts'
import { departure, mayHaveFragment } from './fragment.ts'
import { type Reply, type Route, seeOther } from './reply.ts'
import { safeReturnPath } from './return-path.ts'
import { groupsAtSignIn, type SignInGroupsParts } from './sign-in-groups.ts'
import { type Aim, againFrom, newSignIn } from './sign-in-state.ts'

export interface SignInParts extends BeginSignInParts, SignInGroupsParts {
  readonly ops: Ops
  readonly sessions: Sessions
  readonly refresh: Pick<SessionRefresh, 'mayGoOn'>
  readonly opLogout: OpLogout
  readonly store: SessionStore
  readonly rule: SecondFactorRule
  /** One spelling per account. */
  readonly accountKey: AccountKeyOf
  readonly confirmMaxAgeSeconds: number
  /** Does what was intended, for who has signed in anew for it. Returns where to go. */
  readonly fulfil: (exchange: Traced, intent: Intent, person: Person) => Promise<string>
  /** Somebody else has signed in for what an account intended. */
  readonly mismatch: (exchange: Traced, account: string, intent: Intent) => void
}

export interface Person {
  readonly account: string
  readonly evidence: Evidence
}

const MIN_MAX_AGE_S = 10
const MAX_ACR_LENGTH = 2048
const MAX_ACR_VALUES = 50

/**
 * What this sign-in must prove beyond what every one must. It comes in the query, from anybody: so it can only ask for
 * more.
 */
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

/** `usualAgeSeconds`: less was set by a rule. */
function judge(
  { rule, now }: SignInParts,
  { maxAgeSeconds, acceptAcr }: StepUp,
  evidence: Evidence,
  usualAgeSeconds = rule.maxAgeSeconds,
) {
  const isAsked = acceptAcr?.some(acr => acr === evidence.acr || evidence.acrs.includes(acr)) ?? true
  const refusesPolicy = acceptAcr !== undefined || maxAgeSeconds < usualAgeSeconds
  return isAsked
    ? judgeSecondFactor({ ...rule, maxAgeSeconds, refusesPolicy }, evidence, now())
    : 'second-factor-missing'
}

const stepUpIn = ({ maxAgeSeconds, acrValues }: SignInRecord): StepUp => ({
  maxAgeSeconds,
  acceptAcr: acrValues.length === 0 ? undefined : acrValues,
})

/** GET /.torhaus/sign-in?return_to=PATH[&max_age=SECONDS][&acr_values=VALUES] */
export function startSignIn(parts: SignInParts): Route {
  const begin = beginSignIn(parts)
  return async exchange => {
    const query = queryOf(exchange, parts.publicOrigin)
    const returnTo = safeReturnPath(query.get('return_to'), parts.publicOrigin)
    const stepUp = stepUpFrom(query, parts.rule)
    if (await hasGoodSession(parts, exchange, stepUp)) return seeOther(returnTo)
    if (mayHaveFragment(exchange, query)) return departure(exchange, query, returnTo)
    const op = chosenOp(parts, exchange, query)
    if (op === undefined) return choicePage(parts.ops, exchange, query)
    return begin(exchange, { op, returnTo, stepUp, again: againFrom(query.get('again')) })
  }
}

/** GET /.torhaus/callback, with several OPs /.torhaus/callback/NAME: where this one sends the browser back to. */
export function completeSignIn(parts: SignInParts, op: Op): Route {
  return async exchange => {
    const given = queryOf(exchange, parts.publicOrigin).getAll('state')
    const state = given.length === 1 ? (given[0] ?? '') : ''
    const aim = parts.states.aimOf(state)
    try {
      return await complete(parts, op, exchange, state, aim)
    } catch (error) {
      const fault = toFault(error)
      // Without our cookie it would end here again.
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
  state: string,
  aim: Aim | undefined,
): Promise<Reply> {
  const record = state === '' ? undefined : await parts.store.takeSignIn(state)
  // A session that is good already wins, over a stale callback as well as over a second tab's.
  const usual = { maxAgeSeconds: parts.rule.maxAgeSeconds, acceptAcr: undefined }
  const stepUp = record === undefined ? (aim?.stepUp ?? usual) : stepUpIn(record)
  if (record?.intent === undefined && (await hasGoodSession(parts, exchange, stepUp)))
    return seeOther(record?.returnTo ?? aim?.returnTo ?? '/')
  const browserId = browserIdOf(parts, exchange)
  if (record === undefined || record.expiresAtMs < parts.now()) throw new Fault('sign-in-unknown')
  // Tabs that were opened at once have each been given an id of their own, and the browser has kept one.
  if (browserId === undefined || keyOf(browserId) !== record.browserKey) throw new Fault('sign-in-unknown')
  // An answer to a question that another OP was asked (RFC 9700 4.4): it would be believed for that one.
  if (parts.ops.only === undefined && parts.states.askedOf(state).provider !== op.name) {
    parts.report('refused', exchange)
    throw new Fault('sign-in-other-provider')
  }
  return finish(parts, op, exchange, record)
}

async function finish(parts: SignInParts, op: Op, exchange: Traced, record: SignInRecord): Promise<Reply> {
  const callback = new URL(exchange.target.raw, parts.publicOrigin)
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
  return seeOther(next, [parts.cookies.session(id), ...remembered])
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
  const evidence = signInEvidence(settings, parts.rule, claims, anewAtMs)
  const verdict = judgeOutcome(parts, op, record, evidence)
  const account = mapAccount(claims)
  const refusal = verdict !== 'satisfied' ? verdict : account === undefined ? 'account-unmapped' : undefined
  if (refusal !== undefined || account === undefined) {
    report(refusal ?? 'account-unmapped', exchange, account)
    throw new Fault(refusal ?? 'account-unmapped', missingProof(claims, evidence, stepUpIn(record)))
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
    },
    { idToken, refreshToken, groups },
  )
  if (await opLogout.hasEnded({ subject, opSessionId, issuedAtS: Number(claims.iat) })) {
    await sessions.end(id)
    report('sign-in-overtaken', exchange, account)
    throw new Fault('sign-in-overtaken')
  }
  return { id, person: { account, evidence } }
}

/** An OP that does not ask anew, or a sign-in from before, proves nothing for what was intended. */
function judgeOutcome(parts: SignInParts, { settings }: Op, record: SignInRecord, evidence: Evidence) {
  const { rule, confirmMaxAgeSeconds } = parts
  const usualAgeSeconds =
    record.intent === undefined ? rule.maxAgeSeconds : Math.min(rule.maxAgeSeconds, confirmMaxAgeSeconds)
  const verdict = judge(parts, stepUpIn(record), evidence, usualAgeSeconds)
  if (verdict !== 'satisfied' || record.intent === undefined) return verdict
  const begunAtS = Math.floor(record.intent.begunAtMs / 1000)
  return (evidence.authTime ?? 0) >= begunAtS - settings.clockToleranceSeconds ? 'satisfied' : 'second-factor-stale'
}

async function hasGoodSession(parts: SignInParts, exchange: Traced, stepUp: StepUp): Promise<boolean> {
  const session = await currentSession(exchange, parts)
  return session !== undefined && judge(parts, stepUp, session.record.evidence) === 'satisfied'
}

const browserIdOf = ({ cookies }: SignInParts, { fields }: Traced) =>
  fields.kept.cookie === undefined ? undefined : readCookie(fields.kept.cookie, cookies.browserName)

const queryOf = ({ target }: Traced, publicOrigin: string) => new URL(target.raw, publicOrigin).searchParams
