/** Sign-out: here at once, then at the OP (OIDC RP-Initiated Logout 1.0). */

import { Fault } from '../errors.ts'
import { OWN_PREFIX } from '../http/request-target.ts'
import type { Audit } from '../observability/audit.ts'
import type { Ops } from '../oidc/ops.ts'
import { html, pageFields, renderPage } from '../refusal/page.ts'
import type { SessionCookies } from '../session/session-cookie.ts'
import type { Sessions } from '../session/sessions.ts'
import { leaving } from './leaving.ts'
import { forgetPages, type Reply, type Route, seeOther } from './reply.ts'

import { isSameOrigin } from './same-origin.ts'

export interface SignOutParts {
  readonly ops: Ops
  readonly sessions: Sessions
  readonly cookies: SessionCookies
  readonly publicOrigin: string
  readonly audit: Audit
  /** What is kept of the account elsewhere, such as its tickets. */
  readonly forget: (account: string) => void
}

const SIGNED_OUT_PATH = `${OWN_PREFIX}/signed-out`

/** GET: asks, so that a link or an image on another page signs nobody out. */
export function askToSignOut({ publicOrigin }: SignOutParts): Route {
  return () =>
    page(
      'Sign out?',
      html`<p>You will be signed out of ${new URL(publicOrigin).host} and of the identity provider.</p>
<form method="post" action="${OWN_PREFIX}/sign-out" class="actions">
<button class="button" type="submit">Sign out</button>
<a class="button quiet" href="/">Stay signed in</a>
</form>`,
    )
}

/**
 * POST: ends the session whatever the OP says, and goes on to the OP to end that session, too. The form has no token of
 * ours: it gives nobody anything, and must work with a session that is good for nothing else.
 */
export function signOut({ ops, sessions, cookies, publicOrigin, audit, forget }: SignOutParts): Route {
  return leaving(cookies, async exchange => {
    if (!isSameOrigin(exchange, publicOrigin)) throw new Fault('sign-in-not-same-origin')
    const id = cookies.sessionIn(exchange.fields.kept.cookie)
    const session = id === undefined ? undefined : await sessions.find(id)
    const idToken = session && sessions.tokensOf(session.record)?.idToken
    if (id !== undefined && session !== undefined) {
      await sessions.end(id)
      forget(session.record.account)
      audit.write('sign-out', exchange, { account: session.record.account })
    }
    // Also without a session here: whoever was refused for want of a second factor must be able to leave the OP, too.
    const op = session === undefined ? ops.only : ops.ofStored(session.record.subject)
    const next = await op?.provider.endSessionUrl(idToken, publicOrigin + SIGNED_OUT_PATH).catch(() => undefined)
    return forgetPages(seeOther(next ?? SIGNED_OUT_PATH, cookies.deleteSession()))
  })
}

/** GET /.torhaus/signed-out: whoever follows a link to it is told how it is. A store that is away has no session. */
export function signedOut({ sessions, cookies }: Pick<SignOutParts, 'sessions' | 'cookies'>): Route {
  return async ({ fields }) => {
    const id = cookies.sessionIn(fields.kept.cookie)
    const session = id === undefined ? undefined : await Promise.resolve(sessions.peek(id)).catch(() => undefined)
    return session === undefined ? page('You are signed out', SIGNED_OUT) : page('You are still signed in', STILL_HERE)
  }
}

const SIGNED_OUT = html`<p>Close the browser if others use this computer.</p>
<p class="actions"><a class="button" href="${OWN_PREFIX}/sign-in?provider=">Sign in</a></p>`

const STILL_HERE = html`<p>A session of this browser goes on here.</p>
<p class="actions"><a class="button" href="${OWN_PREFIX}/sign-out">Sign out</a><a class="button quiet" href="/">Start page</a></p>`

function page(title: string, content: ReturnType<typeof html>): Reply {
  return {
    status: 200,
    fields: [...pageFields, 'Cache-Control', 'no-store'],
    text: renderPage(title, content),
  }
}
