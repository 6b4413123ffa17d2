/** The public host's routes below /.torhaus/ if Torhaus' pages have a host of their own: hand-over.ts. */
import type { Config } from '../../config/schema.ts'
import { Fault, unavailable } from '../errors.ts'
import { isOwnPath, OWN_PREFIX } from '../http/request-target.ts'
import { signInPath } from '../refusal/sign-in-path.ts'
import type { HandOvers } from '../session/hand-overs.ts'
import { keyOf, newOpaqueId } from '../session/opaque-id.ts'
import type { Referrals } from '../session/referrals.ts'
import { SIGNED_OUT } from './farewell.ts'
import { type GoodSessionParts, hasGoodSession, stepUpFrom } from './good-session.ts'
import { isHead } from './is-head.ts'
import { HAND_OVER } from './landing.ts'
import { onlyNamed, queryOf } from './query-of.ts'
import { forgetPages, type Route, seeOther } from './reply.ts'
import { newSignIn, type SignInStates } from './sign-in-state.ts'
import { wantedPath } from './third-party-login.ts'

export interface PublicHostParts extends GoodSessionParts {
  readonly referrals: Pick<Referrals, 'issue'>
  readonly handOvers: Pick<HandOvers, 'takeSession' | 'takeWay'>
  readonly states: SignInStates
  readonly limits: Pick<Config['session'], 'signInTimeoutSeconds'>
  readonly publicOrigin: string
  readonly ownOrigin: string
}

/** Parameters read by the sign-in, besides the return path. */
const PASSED_ON = ['max_age', 'acr_values', 'again', 'fragment', 'provider', 'iss', 'login_hint']

/** GET /.torhaus/sign-in: redirects to Torhaus' own host, unless the session here suffices. */
export function referToSignIn(parts: PublicHostParts): Route {
  const { referrals, cookies, limits, publicOrigin, ownOrigin } = parts
  return async exchange => {
    const query = queryOf(exchange)
    const returnTo = wantedPath(query, publicOrigin, publicOrigin)
    const isForServer = !isOwnPath(new URL(returnTo, publicOrigin).pathname)
    // Torhaus' own pages need a session cookie of their host, which a session here does not provide.
    if (isForServer && (await hasGoodSession(parts, exchange, stepUpFrom(query, parts.rule)))) return seeOther(returnTo)
    const browserId = cookies.browserIn(exchange.fields.kept.cookie) ?? newOpaqueId()
    const way = new URLSearchParams({ to: returnTo, for: referrals.issue('sign-in', keyOf(browserId)) })
    const again = query.get('again')
    if (again !== null) way.set('again', again)
    const next = new URLSearchParams([['return_to', `${HAND_OVER}?${way}`], ...onlyNamed(query, PASSED_ON)])
    const location = `${ownOrigin}${OWN_PREFIX}/sign-in?${next}`
    return seeOther(location, [cookies.browser(browserId, limits.signInTimeoutSeconds)])
  }
}

/**
 * GET /.torhaus/handed-over?code=CODE: receives the session opened by a sign-in at Torhaus' own host, for the browser
 * that was sent there.
 */
export function takeOver(parts: PublicHostParts): Route {
  const { handOvers, states, sessions, cookies, ownOrigin } = parts
  const at = (path: string) => (isOwnPath(new URL(path, ownOrigin).pathname) ? ownOrigin + path : path)
  return async exchange => {
    const code = queryOf(exchange).get('code') ?? ''
    if (isHead(exchange) && code !== '') return seeOther(at(states.aimOf(code)?.returnTo ?? '/'))
    const { cookie } = exchange.fields.kept
    const browserId = cookies.browserIn(cookie)
    const taken = await handOvers.takeSession(code, browserId)
    if (taken === undefined) {
      const aim = states.aimOf(code)
      const fault = new Fault('sign-in-unknown')
      // Without the browser cookie, it would fail again.
      if (aim !== undefined) fault.signIn = newSignIn(aim, browserId !== undefined)
      throw fault
    }
    const { sessionId, returnTo } = taken
    // The session has ended in the meantime, perhaps by the OP.
    if ((await sessions.find(sessionId)) === undefined) return seeOther(signInPath(returnTo))
    const earlier = cookies.sessionIn(cookie)
    if (earlier !== undefined && earlier !== sessionId) await sessions.end(earlier)
    return seeOther(at(returnTo), [cookies.session(sessionId)])
  }
}

/** GET /.torhaus/sign-out: Torhaus' own host asks for confirmation, and is told which session is here. */
export function referToSignOut({ referrals, cookies, ownOrigin }: PublicHostParts): Route {
  return ({ fields }) => {
    const id = cookies.sessionIn(fields.kept.cookie)
    const referral = id === undefined ? 'nobody' : referrals.issue('sign-out', keyOf(id))
    return seeOther(`${ownOrigin}${OWN_PREFIX}/sign-out?for=${encodeURIComponent(referral)}`)
  }
}

/**
 * GET /.torhaus/signed-out: removes what the browser keeps after a sign-out. A session that is still running
 * continues, because anybody may link to this page.
 */
export function forgetHere({ handOvers, sessions, cookies, ownOrigin }: PublicHostParts): Route {
  return async exchange => {
    const code = queryOf(exchange).get('code') ?? ''
    const next = isHead(exchange) ? undefined : await handOvers.takeWay(code)
    const id = cookies.sessionIn(exchange.fields.kept.cookie)
    const isOver = id !== undefined && (await isGone(sessions, id))
    return forgetPages(seeOther(next ?? ownOrigin + SIGNED_OUT, isOver ? cookies.deleteSession() : []))
  }
}

/** False if the store is unavailable. */
async function isGone(sessions: PublicHostParts['sessions'], id: string): Promise<boolean> {
  try {
    return (await sessions.peek(id)) === undefined
  } catch (error) {
    unavailable(error)
    return false
  }
}

/** All other pages of Torhaus. */
export const toOwnHost =
  (ownOrigin: string): Route =>
  ({ target }) =>
    seeOther(ownOrigin + target.raw)
