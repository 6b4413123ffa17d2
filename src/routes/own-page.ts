/**
 * Pages that show a person's data, or act for a person: only for a session that would be admitted now, and by forms
 * that were issued to that session.
 */
import type { Clock } from '../clock.ts'
import { Fault } from '../errors.ts'
import type { Traced } from '../exchange.ts'
import { OWN_PREFIX } from '../http/request-target.ts'
import { judgeSecondFactor, type SecondFactorRule } from '../policy/second-factor.ts'
import { type Html, html } from '../refusal/html.ts'
import type { Pages } from '../refusal/pages.ts'
import { signInPath } from '../refusal/sign-in-path.ts'
import type { Speech } from '../refusal/speech.ts'
import { evidenceNow } from '../session/evidence-now.ts'
import type { FormTokens } from '../session/form-tokens.ts'
import type { SessionRecord } from '../session/session-store.ts'
import { type CurrentSessionParts, currentSession } from './current-session.ts'
import { readForm } from './form-content.ts'
import { type Reply, type Route, seeOther } from './reply.ts'
import { isSameOrigin } from './same-origin.ts'

export interface OwnPageParts extends CurrentSessionParts {
  readonly pages: Pages
  readonly rule: SecondFactorRule
  readonly forms: FormTokens
  /** Origin of these pages. */
  readonly ownOrigin: string
  /** Public origin, of the origin server's pages. */
  readonly publicOrigin: string
  readonly now: Clock
}

type Answer = (exchange: Traced, session: SessionRecord) => Reply | Promise<Reply>

export const ACCOUNT_PAGE = `${OWN_PREFIX}/`

const FORM_LIMITS = { maxBytes: 4096, timeoutMs: 10_000 }
const TOKEN_FIELD = 'token'

/**
 * GET. Without a session that would be admitted, redirects to the sign-in, and back to `returnTo`; default: this path.
 */
export function showing(parts: OwnPageParts, answer: Answer, returnTo?: string): Route {
  return async exchange => {
    const session = await currentSession(exchange, parts)
    if (session === undefined || !isAdmitted(parts, session.record))
      return seeOther(signInPath(returnTo ?? exchange.target.path))
    return answer(exchange, session.record)
  }
}

const accountPageOf = (_: Traced): string => ACCOUNT_PAGE

/**
 * POST of a form on the page `pageOf`. Throws `sign-in-not-same-origin`, `session-ended`, `form-token-invalid`. An
 * action that `takes` access away is idempotent and must work while the store cannot record the form token; one that
 * `gives` access requires that it is recorded.
 */
export function acting(parts: OwnPageParts, effect: 'takes' | 'gives', answer: Answer, pageOf = accountPageOf): Route {
  return async exchange => {
    if (!isSameOrigin(exchange, parts.ownOrigin)) throw new Fault('sign-in-not-same-origin')
    const session = await currentSession(exchange, parts)
    // The form is not resubmitted after the sign-in: the person should see the page again first.
    const again = signInPath(pageOf(exchange))
    if (session === undefined) {
      const ended = new Fault('session-ended')
      ended.signIn = { path: again, isAutomatic: false }
      throw ended
    }
    if (!isAdmitted(parts, session.record)) return seeOther(again)
    const form = await readForm(exchange, FORM_LIMITS, 'form-token-invalid')
    const token = form.get(TOKEN_FIELD) ?? ''
    const isOurs = await parts.forms.take(session.record, exchange.target.path, token, effect === 'takes')
    if (!isOurs) throw new Fault('form-token-invalid')
    return answer(exchange, session.record)
  }
}

const isAdmitted = ({ rule, now }: OwnPageParts, session: SessionRecord) => {
  const nowMs = now()
  return judgeSecondFactor(rule, evidenceNow(session, nowMs), nowMs) === 'satisfied'
}

/** A form with one button. `action`: its path, which must be handled by `acting`. */
export function buttonForm(
  { forms }: Pick<OwnPageParts, 'forms'>,
  session: SessionRecord,
  action: string,
  button: Html,
): Html {
  return html`<form method="post" action="${action}"><input type="hidden" name="${TOKEN_FIELD}" value="${forms.issue(session, action)}">${button}</form>`
}

/** What is needed to render the lists of a page. */
export interface Listing {
  readonly speech: Speech
  /** Wraps a button in a form whose action is below /.torhaus/. */
  readonly form: (action: string, button: Html) => Html
  readonly nowMs: number
}

export const lastSegment = ({ target }: Traced) => target.path.slice(target.path.lastIndexOf('/') + 1)
