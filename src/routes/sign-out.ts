/** Sign-out: first at Torhaus, then at the OP (OIDC RP-Initiated Logout 1.0). */

import { Fault } from '../errors.ts'
import type { Traced } from '../exchange.ts'
import { OWN_PREFIX } from '../http/request-target.ts'
import type { Audit } from '../observability/audit.ts'
import type { Ops } from '../oidc/ops.ts'
import { html } from '../refusal/html.ts'
import type { Pages, Sheet } from '../refusal/pages.ts'
import type { Speech } from '../refusal/speech.ts'
import type { Referrals } from '../session/referrals.ts'
import type { SessionCookies } from '../session/session-cookie.ts'
import type { SessionRecord } from '../session/session-store.ts'
import type { Sessions } from '../session/sessions.ts'
import { type Farewell, SIGNED_OUT } from './farewell.ts'
import { leaving } from './leaving.ts'
import { queryOf } from './query-of.ts'
import { forgetPages, type Route, seeOther, shown } from './reply.ts'
import { isSameOrigin } from './same-origin.ts'

const SIGN_OUT = `${OWN_PREFIX}/sign-out`

export interface SignOutParts {
  readonly pages: Pages
  readonly ops: Ops
  readonly sessions: Sessions
  readonly cookies: SessionCookies
  /** Origin of these pages. */
  readonly ownOrigin: string
  /** Public origin, of the origin server's pages. */
  readonly publicOrigin: string
  /** The start page of the origin server. */
  readonly home: string
  /** If Torhaus' pages have a host of their own: reads the public host's statement about its session. */
  readonly referrals: Pick<Referrals, 'read'> | undefined
  readonly farewell: Farewell
  readonly audit: Audit
  /** Forgets what is cached about the account, such as its tickets. */
  readonly forget: (account: string) => void
}

/** GET: asks for confirmation, so that a link or an image on another page signs nobody out. */
export function askToSignOut({ pages, publicOrigin, home, referrals }: SignOutParts): Route {
  return exchange => {
    const referral = queryOf(exchange).get('for')
    if (referrals !== undefined && referral === null) return seeOther(publicOrigin + SIGN_OUT)
    const action = referrals === undefined ? SIGN_OUT : `${SIGN_OUT}?for=${encodeURIComponent(referral ?? '')}`
    const { say, window } = pages.for(exchange)
    const content = html`<p>${say('signOut.text', { host: new URL(publicOrigin).host })}</p>
<form method="post" action="${action}" class="actions">
<button class="button" type="submit">${say('button.signOut')}</button>
<a class="button quiet" href="${home}">${say('signOut.stay')}</a>
</form>`
    return shown(window({ title: say('signOut.title'), content }))
  }
}

/**
 * POST: ends the session here regardless of the OP, then redirects to the OP to end that session as well. The form has
 * no token: it gives nobody access, and must work even with a session that is good for nothing else.
 */
export function signOut(parts: SignOutParts): Route {
  const { ops, sessions, cookies, ownOrigin, farewell, audit, forget } = parts
  return leaving({ cookies, sessions }, async exchange => {
    if (!isSameOrigin(exchange, ownOrigin)) throw new Fault('sign-in-not-same-origin')
    const records = await sessionsIn(parts, exchange)
    const [idToken] = records.flatMap(record => sessions.tokensOf(record)?.idToken ?? [])
    for (const { key, account } of records) {
      await sessions.endByKey(key)
      forget(account)
      audit.write('sign-out', exchange, { account })
    }
    // Also without a session here: a person refused for lack of a second factor must be able to sign out at the OP.
    const [first] = records
    const op = first === undefined ? ops.only : ops.ofStored(first.subject)
    const atOp = await op?.provider.endSessionUrl(idToken, ownOrigin + SIGNED_OUT).catch(() => undefined)
    const next = atOp ?? SIGNED_OUT
    return forgetPages(seeOther(records.length === 0 ? next : await farewell(next), cookies.deleteSession()))
  })
}

/** The session of this host, and that of the public host if it is another one, perhaps from before the own host. */
async function sessionsIn({ sessions, cookies, referrals }: SignOutParts, exchange: Traced): Promise<SessionRecord[]> {
  const id = cookies.sessionIn(exchange.fields.kept.cookie)
  const here = id === undefined ? undefined : (await sessions.find(id))?.record
  const referred = referrals?.read('sign-out', queryOf(exchange).get('for'))
  const there = referred === undefined || referred === here?.key ? undefined : await sessions.peekByKey(referred)
  return [here, there].filter(record => record !== undefined)
}

/** GET /.torhaus/signed-out: shows whether the browser is signed out; an unavailable store counts as no session. */
export function signedOut(parts: Pick<SignOutParts, 'pages' | 'sessions' | 'cookies' | 'home'>): Route {
  const { pages, sessions, cookies, home } = parts
  return async exchange => {
    const id = cookies.sessionIn(exchange.fields.kept.cookie)
    const session = id === undefined ? undefined : await Promise.resolve(sessions.peek(id)).catch(() => undefined)
    const paper = pages.for(exchange)
    return shown(paper.window(session === undefined ? left(paper) : stillHere(paper, home)))
  }
}

const left = ({ say }: Speech): Sheet => ({
  title: say('signedOut.title'),
  content: html`<p>${say('signedOut.text')}</p>
<p class="actions"><a class="button" href="${OWN_PREFIX}/sign-in?provider=">${say('button.signIn')}</a></p>`,
})

const stillHere = ({ say }: Speech, home: string): Sheet => ({
  title: say('stillSignedIn.title'),
  content: html`<p>${say('stillSignedIn.text')}</p>
<p class="actions"><a class="button" href="${SIGN_OUT}">${say('button.signOut')}</a><a class="button quiet" href="${home}">${say('button.startPage')}</a></p>`,
})
