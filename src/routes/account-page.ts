import type { Clock } from '../clock.ts'
import type { Evidence } from '../exchange.ts'
import { readCookie } from '../http/cookie.ts'
import { html, pageFields, renderPage } from '../http/page.ts'
import { OWN_PREFIX } from '../http/request-target.ts'
import type { SessionCookies } from '../session/session-cookie.ts'
import type { Sessions } from '../session/sessions.ts'
import { type Route, seeOther } from './reply.ts'

/** GET /.torhaus/: who you are here, and how to leave. */
export function accountPage(sessions: Sessions, cookies: SessionCookies, publicOrigin: string, now: Clock): Route {
  return async ({ fields, clientAddress, requestId }) => {
    const id = fields.kept.cookie === undefined ? undefined : readCookie(fields.kept.cookie, cookies.sessionName)
    const session = id === undefined ? undefined : await sessions.find(id)
    if (session === undefined)
      return seeOther(`${OWN_PREFIX}/sign-in?return_to=${encodeURIComponent(`${OWN_PREFIX}/`)}`)
    const { account, createdAtMs, evidence } = session.record
    const content = html`<dl>
<dt>Account</dt><dd>${account}</dd>
<dt>Signed in</dt><dd>${timeAgo(now() - createdAtMs)}</dd>
<dt>Proven by</dt><dd>${proofOf(evidence)}</dd>
<dt>Your address</dt><dd>${clientAddress}</dd>
</dl>
<p class="actions"><a class="button" href="/">Go to ${new URL(publicOrigin).host}</a><a class="button quiet" href="${OWN_PREFIX}/sign-out">Sign out</a></p>`
    return {
      status: 200,
      fields: [...pageFields, 'Cache-Control', 'no-store'],
      text: renderPage('You are signed in', content, html`<span>request ${requestId}</span>`),
    }
  }
}

/** RFC 8176 2, in words; `mfa` only says that there were several, which the others show. */
const METHOD_NAMES: Readonly<Record<string, string>> = {
  face: 'face',
  fpt: 'fingerprint',
  hwk: 'security key',
  kba: 'security question',
  mca: 'second channel',
  otp: 'one-time code',
  pin: 'PIN',
  pop: 'key of the device',
  pwd: 'password',
  sc: 'smart card',
  sms: 'text message',
  swk: 'key in software',
  tel: 'telephone',
  wia: 'Windows sign-in',
}

function proofOf({ amr, acr, acrs, firstFactor }: Evidence): string {
  if (firstFactor !== undefined) return firstFactor === 'negotiate' ? 'Windows sign-in' : 'password'
  const methods = amr.filter(method => method !== 'mfa').map(method => METHOD_NAMES[method] ?? method)
  if (methods.length > 0) return methods.join(', ')
  return [...amr, ...(acr === undefined ? [] : [acr]), ...acrs].join(', ')
}

function timeAgo(elapsedMs: number): string {
  const minutes = Math.floor(elapsedMs / 60_000)
  if (minutes < 1) return 'just now'
  return minutes < 120 ? `${minutes} min ago` : `${Math.floor(minutes / 60)} h ago`
}
