/**
 * Two hosts, one session. Sign-in, confirmation and account page may have a host of their own (`ownPages.publicUrl`),
 * which no page of the origin server can read. The public host still needs a session cookie, and gets it like this:
 *
 *   browser                      public host                       own host
 *     | GET /.torhaus/sign-in      |                                  |
 *     |--------------------------->| browser cookie                   |
 *     |<-- 303, referral ----------|                                  |
 *     | GET /.torhaus/sign-in?return_to=/.torhaus/hand-over?...       |
 *     |-------------------------------------------------------------->| session good, or sign-in at the OP
 *     | GET /.torhaus/hand-over?to=...&for=REFERRAL                   |
 *     |-------------------------------------------------------------->| code, session and page -> store
 *     |<-- 303, code -------------------------------------------------|
 *     | GET /.torhaus/handed-over?code=...                            |
 *     |--------------------------->| taken from the store, once, by the browser of the referral alone
 *     |<-- 303, session cookie ----|
 *
 * Both cookies belong to one session, so whatever ends it ends both; each is worthless at the other host.
 */

import { OWN_PREFIX } from '../http/request-target.ts'
import { signInPath } from '../refusal/sign-in-path.ts'
import type { HandOvers } from '../session/hand-overs.ts'
import type { Referrals } from '../session/referrals.ts'
import { type GoodSessionParts, hasGoodSession } from './good-session.ts'
import { isHead } from './is-head.ts'
import { queryOf } from './query-of.ts'
import { type Route, seeOther, unwatched } from './reply.ts'
import { safeReturnPath } from './return-path.ts'
import { againFrom, type SignInStates } from './sign-in-state.ts'

export interface HandOverParts extends GoodSessionParts {
  readonly referrals: Pick<Referrals, 'read'>
  readonly handOvers: Pick<HandOvers, 'giveSession'>
  readonly states: SignInStates
  readonly publicOrigin: string
}

export const HANDED_OVER = `${OWN_PREFIX}/handed-over`

/** GET /.torhaus/hand-over?to=PATH&for=REFERRAL, at Torhaus' own host: where a sign-in there returns to. */
export function handOver(parts: HandOverParts): Route {
  const { referrals, handOvers, states, cookies, publicOrigin, rule } = parts
  return async exchange => {
    const query = queryOf(exchange)
    const returnTo = safeReturnPath(query.get('to'), publicOrigin)
    const browserKey = referrals.read('sign-in', query.get('for'))
    const stepUp = { maxAgeSeconds: rule.maxAgeSeconds, acceptAcr: undefined }
    const sessionId = cookies.sessionIn(exchange.fields.kept.cookie)
    const isGood = await hasGoodSession(parts, exchange, stepUp)
    // The referral expires if signing in takes long; the public host then issues another one.
    if (browserKey === undefined || sessionId === undefined || !isGood)
      return seeOther(publicOrigin + signInPath(returnTo))
    const code = states.issue({ returnTo, stepUp, again: againFrom(query.get('again')) })
    if (!isHead(exchange)) await handOvers.giveSession(code, browserKey, { sessionId, returnTo })
    return unwatched(seeOther(`${publicOrigin}${HANDED_OVER}?code=${encodeURIComponent(code)}`))
  }
}
