/**
 * Where a person confirms, with the second factor, what a client began that cannot show one.
 *
 *   GET       no session, or one that would not be admitted now   -> sign-in, and back here
 *             a request of another account                        -> refused, and in the audit log
 *             otherwise                                           -> a page that says what will be confirmed
 *   POST      the same, and a form that this page has shown       -> to the OP, which asks anew
 *   callback  of that sign-in, for the account that began it      -> the grant, once
 *
 * Pages of the origin server share our origin, and can do much of what a person can do; prove the second factor they
 * cannot.
 */

import type { Config } from '../../config/schema.ts'
import type { AccountKeyOf } from '../account-key.ts'
import { Fault } from '../errors.ts'
import type { Traced } from '../exchange.ts'
import type { GrantRequest } from '../grants/grant-store.ts'
import type { Grants } from '../grants/grants.ts'
import { OWN_PREFIX } from '../http/request-target.ts'
import type { Audit } from '../observability/audit.ts'
import type { GrantEvent } from '../observability/events.ts'
import { formatConfirmationCode } from '../refusal/confirmation-code.ts'
import { describeClient, describeCover, describeDuration, describeNetwork, describeTime } from '../refusal/display.ts'
import { type Html, html, pageFields, renderPage } from '../refusal/page.ts'
import type { SessionRecord } from '../session/session-store.ts'
import type { BeginSignIn } from './begin-sign-in.ts'
import { ACCOUNT_PAGE, acting, buttonForm, lastSegment, type OwnPageParts, showing } from './own-page.ts'
import type { Reply, Route } from './reply.ts'
import type { SignInParts } from './sign-in.ts'

export interface ConfirmParts extends OwnPageParts {
  readonly grants: Grants
  readonly begin: BeginSignIn
  readonly settings: Pick<Config['secondFactor'], 'grants'>
  readonly accountKey: AccountKeyOf
  readonly audit: Audit
  readonly count: (event: GrantEvent) => void
}

const CONFIRMED_PATH = `${OWN_PREFIX}/confirmed`
const pathOf = (code: string) => `${OWN_PREFIX}/confirm/${formatConfirmationCode(code)}`

/** GET /.torhaus/confirm/CODE. Whoever is not signed in learns nothing, not even whether there is such a request. */
export function askToConfirm(parts: ConfirmParts): Route {
  return showing(parts, async (exchange, session) => {
    const request = await requestFor(parts, exchange, session)
    return page('Confirm this access?', question(parts, request, session))
  })
}

/** POST /.torhaus/confirm/CODE */
export function confirm(parts: ConfirmParts): Route {
  return acting(parts, 'gives', async (exchange, session) => {
    const { code, maxAgeSeconds, acceptAcr } = await requestFor(parts, exchange, session)
    const { confirmMaxAgeSeconds } = parts.settings.grants
    return parts.begin(exchange, {
      returnTo: CONFIRMED_PATH,
      stepUp: { maxAgeSeconds: Math.min(maxAgeSeconds, confirmMaxAgeSeconds), acceptAcr },
      intent: { kind: 'confirm', object: code, accountKey: session.accountKey },
    })
  })
}

/** The person has signed in anew. The sign-in was judged by what the request asks for. */
export function grantRequested({ grants, accountKey, audit, count }: ConfirmParts): SignInParts['fulfil'] {
  return async (exchange, { object: code }, { account, evidence }) => {
    const request = await grants.request(code)
    const outcome = request && (await grants.confirm(request, accountKey(account), evidence))
    // There the page says that there is nothing to confirm.
    if (request === undefined || outcome !== 'confirmed') return pathOf(code)
    count('confirmed')
    audit.write('second-factor-confirmed', exchange, { account, network: request.network })
    return CONFIRMED_PATH
  }
}

/** GET /.torhaus/confirmed */
export function confirmed(): Route {
  return () =>
    page(
      'Confirmed',
      html`<p>Run the command again: it passes now.</p>
<p>You can take this back at any time on <a href="${ACCOUNT_PAGE}">your page</a>.</p>`,
    )
}

async function requestFor(
  { grants, accountKey, audit, count }: ConfirmParts,
  exchange: Traced,
  { account }: SessionRecord,
): Promise<GrantRequest> {
  const request = await grants.request(lastSegment(exchange))
  if (request === undefined) throw new Fault('confirmation-gone')
  if (accountKey(account) === request.accountKey) return request
  count('refused')
  audit.write('confirmation-refused', exchange, {
    ...{ account, code: 'confirmation-other-account', otherAccount: request.accountKey },
  })
  throw new Fault('confirmation-other-account')
}

function question(parts: ConfirmParts, request: GrantRequest, session: SessionRecord): Html {
  const { settings, now, publicOrigin } = parts
  const { code, clientAddress, network, clientClass, userAgent, createdAtMs, maxAgeSeconds, cover } = request
  const heldSeconds = Math.min(settings.grants.lifetimeSeconds, maxAgeSeconds)
  return html`<p>A program that cannot ask you for a second factor wants to use ${new URL(publicOrigin).host} as you.</p>
<dl>
<dt>Account</dt><dd>${session.account}</dd>
<dt>Program</dt><dd>${describeClient(clientClass)}<br><small>${userAgent}</small></dd>
<dt>May then</dt><dd>${describeCover(cover, clientClass)}<br><small>and nothing else: no tokens, keys, service hooks or members</small></dd>
<dt>From</dt><dd>${clientAddress}<br><small>will hold for ${describeNetwork(network)}</small></dd>
<dt>Asked</dt><dd>${describeTime(createdAtMs, now())}</dd>
<dt>Holds for</dt><dd>${describeDuration(heldSeconds * 1000)} at most</dd>
</dl>
<p><strong>Confirm only what you started yourself, just now.</strong> If you did not, somebody else has your password: close this page, and tell your help desk.</p>
<p>You will be asked to sign in once more, for this confirmation alone.</p>
<div class="actions">${buttonForm(parts, session, pathOf(code), html`<button class="button" type="submit">Confirm</button>`)}
<a class="button quiet" href="${ACCOUNT_PAGE}">Do not confirm</a></div>`
}

function page(title: string, content: Html): Reply {
  return { status: 200, fields: [...pageFields, 'Cache-Control', 'no-store'], text: renderPage(title, content) }
}
