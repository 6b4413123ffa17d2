import { type Code, errorTable, type NewSignIn } from '../errors.ts'
import type { PartialExchange } from '../exchange.ts'
import { OWN_PREFIX } from '../http/request-target.ts'
import { type Html, html } from './html.ts'
import type { PageContent } from './page.ts'

/** In a person's words; the sentence of the error table stands below. */
const TITLES: Partial<Record<Code, string>> = {
  'sign-in-unknown': 'Sign-in not completed',
  'sign-in-refused': 'You were not signed in',
  'second-factor-missing': 'A second factor is needed',
  'second-factor-stale': 'Please sign in again',
  'account-unmapped': 'No account here',
  'session-ended': 'Please sign in again',
  'cross-site-request': 'Stopped for your safety',
  'op-unreachable': 'Sign-in is not available',
  'op-response-invalid': 'Sign-in did not work',
  'not-found': 'No such page',
  'own-host-not-found': 'No such page',
  'account-mismatch': 'Two different people',
  'confirmation-gone': 'Nothing to confirm here',
  'confirmation-other-account': 'This is not yours to confirm',
  'client-certificate-missing': 'A certificate is needed',
  'client-certificate-mismatch': 'Two different people',
}

/** Where somebody at a browser can be told more than the one sentence for every client. */
const EXPLANATIONS: Partial<Record<Code, string>> = {
  'second-factor-missing':
    'You signed in with one factor only. Set up a second one at your identity provider, then sign in again.',
  'not-found': 'There is nothing at this address.',
}

/** Of the certificate of the connection: signing in again would not help. */
export const isOfCertificate = (code: Code): boolean => code.startsWith('client-certificate-')

const TITLES_BY_STATUS: Partial<Record<number, string>> = {
  400: 'This request is not valid',
  401: 'Please sign in',
  403: 'Not allowed',
  429: 'Too many attempts',
  502: 'The server does not answer',
  503: 'Not available right now',
  504: 'The server does not answer',
}

const SIGN_IN = `${OWN_PREFIX}/sign-in`
const OTHER_ACCOUNT = html`<a class="button quiet" href="${OWN_PREFIX}/sign-out">Use another account</a>`
const NEW_TAB = html`<a class="button" href="${OWN_PREFIX}/" target="_blank" rel="noopener">Sign in in a new tab</a>`

export interface WaysOut {
  /** Where a person can confirm. */
  readonly link: string | undefined
  readonly signIn: NewSignIn | undefined
  /** The start page of the server. */
  readonly home: string
}

/** The page a browser shows for `code`: what happened, what to do next, and what to tell the help desk. */
export function errorPage(known: PartialExchange, code: Code, ways: WaysOut): PageContent {
  const { link, signIn } = ways
  const { status, sentence } = errorTable[code]
  return {
    title:
      TITLES[code] ??
      (isOfCertificate(code) ? 'Certificate not accepted' : undefined) ??
      TITLES_BY_STATUS[status] ??
      'That did not work',
    content: html`<p>${signIn?.isAutomatic === true ? RESTARTING : (EXPLANATIONS[code] ?? sentence)}</p>${link === undefined ? wayOut(known, code, status, ways) : confirmation(link)}`,
    footer: html`<span>${code}</span><span>request ${known.requestId ?? 'without id'}</span>`,
  }
}

const RESTARTING =
  'This sign-in is no longer under way: many tabs were opened at once, or it was used already. It begins again in a moment, for the page you wanted.'

const ANOTHER_CERTIFICATE = html`<p>To choose another certificate, or none, close all windows of the browser first: it remembers which one you chose.</p>
<p class="actions"><a class="button quiet" href="">Try again</a></p>`

const button = (href: string, text: string) => html`<a class="button" href="${href}">${text}</a>`

const confirmation = (link: string) =>
  html`<p>Confirm with your second factor, then try again.</p><p class="actions"><a class="button" href="${link}">Confirm</a></p>`

function wayOut({ request }: PartialExchange, code: Code, status: number, { signIn, home }: WaysOut): Html {
  const start = html`<a class="button quiet" href="${home}">Start page</a>`
  const isRepeatable = request.method === 'GET' || request.method === 'HEAD'
  if (status === 401 && !isRepeatable) {
    // The form is still in the browser's memory: leaving this page would lose it.
    return html`<p>What you just sent did not reach the server, and is not lost: sign in in a new tab, then come back and reload this page to send it again.</p>
<p class="actions">${NEW_TAB}</p>`
  }
  const signInAgain = button(signIn?.path ?? SIGN_IN, 'Sign in again')
  if (code === 'sign-in-unknown' || status === 401) return html`<p class="actions">${signInAgain}</p>`
  if (code === 'cross-site-request' || code === 'sign-in-not-same-origin') return html`<p class="actions">${start}</p>`
  if (code === 'confirmation-other-account' || code === 'account-mismatch' || code === 'client-certificate-mismatch')
    return html`<p class="actions">${OTHER_ACCOUNT}${start}</p>`
  if (isOfCertificate(code)) return ANOTHER_CERTIFICATE
  if (status === 403) return html`<p class="actions">${signInAgain}${OTHER_ACCOUNT}</p>`
  // A callback is good once: loading it again would never help.
  return status >= 500 && isRepeatable
    ? html`<p class="actions">${button(signIn?.path ?? '', 'Try again')}${start}</p>`
    : html`<p class="actions">${start}</p>`
}
