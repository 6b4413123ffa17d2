/**
 * Where a person confirms, with the second factor, a request of a client that cannot present one.
 *
 *   GET       no session, or one that would not be admitted now   -> sign-in, and back here
 *             a request of another account                        -> refused, and recorded in the audit log
 *             otherwise                                           -> a page that says what will be confirmed
 *   POST      the same, with the token of a form on this page     -> to the OP, for a new authentication
 *   callback  of that sign-in, for the account that began it      -> confirmed, once
 *
 * "This was not me" is another form there: it refuses the request, and reports that in audit log and metrics.
 *
 * Pages of the origin server share this origin and can act as the person in many ways, but they cannot prove the second
 * factor.
 */

import type { Config } from '../../config/schema.ts'
import type { AccountKey, AccountKeyOf } from '../account-key.ts'
import { formatConfirmationCode } from '../confirmation-code.ts'
import type { StepUp } from '../decision.ts'
import { Fault } from '../errors.ts'
import type { Traced } from '../exchange.ts'
import { OWN_PREFIX } from '../http/request-target.ts'
import type { Audit } from '../observability/audit.ts'
import type { GrantEvent } from '../observability/events.ts'
import type { Ops } from '../oidc/ops.ts'
import { type Html, html } from '../refusal/html.ts'
import type { Pages } from '../refusal/pages.ts'
import type { Speech } from '../refusal/speech.ts'
import type { Intent, SessionRecord } from '../session/session-store.ts'
import type { BeginSignIn } from './begin-sign-in.ts'
import { ACCOUNT_PAGE, acting, buttonForm, lastSegment, type OwnPageParts, showing } from './own-page.ts'
import { type Route, seeOther, shown } from './reply.ts'

type Stolen = 'password' | 'token'

/** What a confirmation link leads to. */
export interface Confirmable {
  readonly code: string
  /** The only account that can confirm it. */
  readonly accountKey: AccountKey
  readonly intent: Intent['kind']
  readonly stepUp: StepUp
  /** What was stolen if the person did not make the request. */
  readonly stolen: Stolen
  /** Refuses the request. Throws `confirmation-gone` if it is no longer open. */
  readonly disown: (exchange: Traced, account: string) => Promise<void>
  /** Describes to the person what will be confirmed. */
  readonly question: (session: SessionRecord, speech: Speech) => Html
}

export interface ConfirmParts extends OwnPageParts {
  /** One per kind of request: finds the open request with that code. */
  readonly findRequest: readonly ((code: string) => Promise<Confirmable | undefined>)[]
  readonly begin: BeginSignIn
  readonly ops: Pick<Ops, 'ofSession'>
  readonly settings: Pick<Config['secondFactor'], 'grants'>
  readonly accountKey: AccountKeyOf
  readonly audit: Audit
  readonly count: (event: GrantEvent) => void
}

export const CONFIRMED_PATH = `${OWN_PREFIX}/confirmed`
export const DISOWNED_PATHS: Readonly<Record<Stolen, string>> = {
  password: `${OWN_PREFIX}/disowned/password`,
  token: `${OWN_PREFIX}/disowned/token`,
}
const disownPath = (code: string) => `${OWN_PREFIX}/disown/${formatConfirmationCode(code)}`
export const confirmPath = (code: string) => `${OWN_PREFIX}/confirm/${formatConfirmationCode(code)}`

/** The page with the form that is being submitted. */
const pageOf = (exchange: Traced) => `${OWN_PREFIX}/confirm/${lastSegment(exchange)}`

/** GET /.torhaus/confirm/CODE. Reveals nothing to clients without a session, not even whether the request exists. */
export function askToConfirm(parts: ConfirmParts): Route {
  return showing(parts, async (exchange, session) => {
    const { code, question } = await requestFor(parts, exchange, session)
    const paper = parts.pages.for(exchange)
    const { say } = paper
    const button = html`<button class="button" type="submit">${say('button.confirm')}</button>`
    const notMe = html`<button class="button quiet" type="submit">${say('confirm.notMe')}</button>`
    const content = html`${question(session, paper)}
<p>${say('confirm.signInOnce')}</p>
<div class="actions">${buttonForm(parts, session, confirmPath(code), button)}
<a class="button quiet" href="${ACCOUNT_PAGE}">${say('confirm.cancel')}</a>
${buttonForm(parts, session, disownPath(code), notMe)}</div>`
    return shown(paper.window({ title: say('confirm.title'), content }))
  })
}

/** POST /.torhaus/confirm/CODE */
export function confirm(parts: ConfirmParts): Route {
  const ask = async (exchange: Traced, session: SessionRecord) => {
    const { code, intent, stepUp } = await requestFor(parts, exchange, session)
    const maxAgeSeconds = Math.min(stepUp.maxAgeSeconds, parts.settings.grants.confirmMaxAgeSeconds)
    return parts.begin(exchange, {
      op: parts.ops.ofSession(session),
      // If the sign-in fails, nothing is confirmed, and it begins here again.
      returnTo: confirmPath(code),
      stepUp: { ...stepUp, maxAgeSeconds },
      intent: { kind: intent, object: code, accountKey: session.accountKey },
    })
  }
  return acting(parts, 'gives', ask, pageOf)
}

/** POST /.torhaus/disown/CODE: "this was not me". Needs no new sign-in, because it only refuses. */
export function disown(parts: ConfirmParts): Route {
  const refuse = async (exchange: Traced, session: SessionRecord) => {
    const { stolen, disown } = await requestFor(parts, exchange, session)
    await disown(exchange, session.account)
    return seeOther(DISOWNED_PATHS[stolen])
  }
  return acting(parts, 'takes', refuse, pageOf)
}

/** GET /.torhaus/disowned/password, /.torhaus/disowned/token: what to do next. */
export function disowned(pages: Pages, stolen: Stolen): Route {
  return exchange => {
    const { say, window, helpDesk } = pages.for(exchange)
    const page = html`<a href="${ACCOUNT_PAGE}">${say('confirmed.page')}</a>`
    const content = html`<p>${say('disowned.text')}</p>
<p><strong>${say(`disowned.${stolen}`, { page })}</strong></p>
<p class="actions">${helpDesk}<a class="button quiet" href="${ACCOUNT_PAGE}">${say('button.yourPage')}</a></p>`
    return shown(window({ title: say('disowned.title'), content }))
  }
}

/** GET /.torhaus/confirmed */
export function confirmed(pages: Pages): Route {
  return exchange => {
    const { say, window } = pages.for(exchange)
    const page = html`<a href="${ACCOUNT_PAGE}">${say('confirmed.page')}</a>`
    const content = html`<p>${say('confirmed.text')}</p>
<p>${say('confirmed.takeBack', { page })}</p>`
    return shown(window({ title: say('confirmed.title'), content }))
  }
}

async function requestFor(
  { findRequest, accountKey, audit, count }: ConfirmParts,
  exchange: Traced,
  { account }: SessionRecord,
): Promise<Confirmable> {
  const request = await firstOf(findRequest, lastSegment(exchange))
  if (request === undefined) throw new Fault('confirmation-gone')
  if (accountKey(account) === request.accountKey) return request
  count('refused')
  audit.write('confirmation-refused', exchange, {
    ...{ account, code: 'confirmation-other-account', otherAccount: request.accountKey },
  })
  throw new Fault('confirmation-other-account')
}

async function firstOf(findRequest: ConfirmParts['findRequest'], code: string): Promise<Confirmable | undefined> {
  for (const find of findRequest) {
    const request = await find(code)
    if (request !== undefined) return request
  }
  return undefined
}
