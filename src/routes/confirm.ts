/**
 * Where a person confirms, with the second factor, what a client began that cannot show one.
 *
 *   GET   no session, or a second factor too old or too weak   -> sign-in, and back here
 *         a request of another account                         -> refused, and in the audit log
 *         otherwise                                            -> a page that says what will be confirmed
 *   POST  the same, and the Origin must be ours                -> the grant, once
 */

import type { Config } from '../../config/schema.ts'
import type { AccountKeyOf } from '../account-key.ts'
import type { Clock } from '../clock.ts'
import { Fault } from '../errors.ts'
import type { Evidence, Traced } from '../exchange.ts'
import type { GrantRequest } from '../grants/grant-store.ts'
import type { Grants } from '../grants/grants.ts'
import { OWN_PREFIX } from '../http/request-target.ts'
import type { Audit } from '../observability/audit.ts'
import type { GrantEvent } from '../observability/events.ts'
import { judgeSecondFactor } from '../policy/second-factor.ts'
import { formatConfirmationCode } from '../refusal/confirmation-code.ts'
import { describeClient, describeDuration, describeNetwork, describeTime } from '../refusal/display.ts'
import { html, pageFields, renderPage } from '../refusal/page.ts'
import { signInPath } from '../refusal/sign-in-path.ts'
import type { SessionCookies } from '../session/session-cookie.ts'
import type { Sessions } from '../session/sessions.ts'
import { currentSession } from './current-session.ts'
import { type Reply, type Route, seeOther } from './reply.ts'
import { isSameOrigin } from './same-origin.ts'

export interface ConfirmParts {
  readonly grants: Grants
  readonly sessions: Sessions
  readonly cookies: SessionCookies
  readonly settings: Config['secondFactor']
  readonly accountKey: AccountKeyOf
  readonly publicOrigin: string
  readonly audit: Audit
  readonly count: (event: GrantEvent) => void
  readonly now: Clock
}

/** Who may confirm what. */
interface Ready {
  readonly request: GrantRequest
  readonly account: string
  readonly evidence: Evidence
}

/** GET /.torhaus/confirm/CODE */
export function askToConfirm(parts: ConfirmParts): Route {
  return async exchange => {
    const ready = await prepare(parts, exchange)
    return 'status' in ready ? ready : page('Confirm this access?', question(parts, ready))
  }
}

/** POST /.torhaus/confirm/CODE */
export function confirm(parts: ConfirmParts): Route {
  const { grants, accountKey, publicOrigin, audit, count } = parts
  return async exchange => {
    if (!isSameOrigin(exchange, publicOrigin)) throw new Fault('sign-in-not-same-origin')
    const ready = await prepare(parts, exchange)
    if ('status' in ready) return ready
    const { request, account, evidence } = ready
    const outcome = await grants.confirm(request, accountKey(account), evidence)
    if (outcome !== 'confirmed') throw new Fault('confirmation-gone')
    count('confirmed')
    audit.write('second-factor-confirmed', exchange, { account, network: request.network })
    return page(
      'Confirmed',
      html`<p>Run the command again: it passes now.</p>
<p>You can take this back at any time on <a href="${OWN_PREFIX}/">your page</a>.</p>`,
    )
  }
}

async function prepare(parts: ConfirmParts, exchange: Traced): Promise<Ready | Reply> {
  const { grants, sessions, cookies, settings, accountKey, audit, count, now } = parts
  const code = exchange.target.path.slice(exchange.target.path.lastIndexOf('/') + 1)
  const session = await currentSession(exchange, sessions, cookies)
  // Whoever is not signed in learns nothing, not even whether there is such a request.
  const { confirmMaxAgeSeconds } = settings.grants
  if (session === undefined) return toSignIn(code, confirmMaxAgeSeconds, undefined)
  const request = await grants.request(code)
  if (request === undefined) throw new Fault('confirmation-gone')
  const { account, evidence } = session.record
  if (accountKey(account) !== request.accountKey) {
    count('refused')
    audit.write('confirmation-refused', exchange, {
      ...{ account, code: 'confirmation-other-account', otherAccount: request.accountKey },
    })
    throw new Fault('confirmation-other-account')
  }
  const maxAgeSeconds = Math.min(request.maxAgeSeconds, confirmMaxAgeSeconds)
  const isProven = judgeSecondFactor({ ...settings, maxAgeSeconds }, evidence, now()) === 'satisfied'
  const isStrong = request.acceptAcr?.includes(evidence.acr ?? '') ?? true
  return isProven && isStrong ? { request, account, evidence } : toSignIn(code, maxAgeSeconds, request.acceptAcr)
}

/** The sign-in judges its outcome by the same measure, so that an OP that does not keep to it is no endless loop. */
function toSignIn(code: string, maxAgeSeconds: number, acceptAcr: readonly string[] | undefined): Reply {
  return seeOther(signInPath(`${OWN_PREFIX}/confirm/${code}`, { maxAgeSeconds, acceptAcr }))
}

function question({ settings, now, publicOrigin }: ConfirmParts, { request, account, evidence }: Ready) {
  const { code, clientAddress, network, clientClass, userAgent, createdAtMs, maxAgeSeconds } = request
  const provenForSeconds = (evidence.authTime ?? 0) + maxAgeSeconds - now() / 1000
  const heldSeconds = Math.min(settings.grants.lifetimeSeconds, provenForSeconds)
  return html`<p>A program that cannot ask you for a second factor wants to use ${new URL(publicOrigin).host} as you.</p>
<dl>
<dt>Account</dt><dd>${account}</dd>
<dt>Program</dt><dd>${describeClient(clientClass)}<br><small>${userAgent}</small></dd>
<dt>From</dt><dd>${clientAddress}<br><small>will hold for ${describeNetwork(network)}</small></dd>
<dt>Asked</dt><dd>${describeTime(createdAtMs, now())}</dd>
<dt>Holds for</dt><dd>${describeDuration(heldSeconds * 1000)} at most</dd>
</dl>
<p><strong>Confirm only what you started yourself, just now.</strong> If you did not, somebody else has your password: close this page, and tell your help desk.</p>
<form method="post" action="${OWN_PREFIX}/confirm/${formatConfirmationCode(code)}" class="actions">
<button class="button" type="submit">Confirm</button>
<a class="button quiet" href="${OWN_PREFIX}/">Do not confirm</a>
</form>`
}

function page(title: string, content: ReturnType<typeof html>): Reply {
  return { status: 200, fields: [...pageFields, 'Cache-Control', 'no-store'], text: renderPage(title, content) }
}
