import { type Code, errorTable, type NewSignIn } from '../errors.ts'
import type { PartialExchange } from '../exchange.ts'
import { OWN_PREFIX } from '../http/request-target.ts'
import { english, type TextKey } from '../texts/english.ts'
import { type Html, html } from './html.ts'
import type { Sheet } from './pages.ts'
import type { Speech } from './speech.ts'

/** Of the certificate of the connection: signing in again would not help. */
export const isOfCertificate = (code: Code): boolean => code.startsWith('client-certificate-')

const SIGN_IN = `${OWN_PREFIX}/sign-in`

export interface WaysOut {
  /** Where a person can confirm. */
  readonly link: string | undefined
  readonly signIn: NewSignIn | undefined
  /** The start page of the server. */
  readonly home: string
}

/** In a person's words; the sentence of the error table stands below. */
function titleKey(code: Code, status: number): TextKey {
  const byCode = textKey(`title.${code}`) ?? (isOfCertificate(code) ? 'title.certificate' : undefined)
  return byCode ?? textKey(`title.${status}`) ?? 'title.other'
}

const textKey = (key: string): TextKey | undefined => (Object.hasOwn(english, key) ? (key as TextKey) : undefined)

/** The page a browser shows for `code`: what happened, what to do next, and what to tell the help desk. */
export function errorPage(speech: Speech, known: PartialExchange, code: Code, ways: WaysOut): Sheet {
  const { say } = speech
  const { link, signIn } = ways
  const { status } = errorTable[code]
  const what =
    signIn?.isAutomatic === true
      ? say('refusal.restarting')
      : // Where somebody at a browser can be told more than the one sentence for every client.
        say(textKey(`explain.${code}`) ?? `error.${code}`)
  const { requestId } = known
  const request = requestId === undefined ? say('request.withoutId') : say('request.id', { id: requestId })
  return {
    title: say(titleKey(code, status)),
    content: html`<p>${what}</p>${link === undefined ? wayOut(speech, known, code, status, ways) : confirmation(speech, link)}`,
    footer: html`<span>${code}</span><span>${request}</span>`,
  }
}

const button = (href: string, text: Html) => html`<a class="button" href="${href}">${text}</a>`
const quietButton = (href: string, text: Html) => html`<a class="button quiet" href="${href}">${text}</a>`

const confirmation = ({ say }: Speech, link: string) =>
  html`<p>${say('refusal.confirmFirst')}</p><p class="actions">${button(link, say('button.confirm'))}</p>`

const anotherCertificate = ({ say }: Pick<Speech, 'say'>) =>
  html`<p>${say('refusal.otherCertificate')}</p><p class="actions">${quietButton('', say('button.tryAgain'))}</p>`

function wayOut(
  { say }: Speech,
  { request }: PartialExchange,
  code: Code,
  status: number,
  { signIn, home }: WaysOut,
): Html {
  const start = quietButton(home, say('button.startPage'))
  const otherAccount = quietButton(`${OWN_PREFIX}/sign-out`, say('button.otherAccount'))
  const isRepeatable = request.method === 'GET' || request.method === 'HEAD'
  if (status === 401 && !isRepeatable) {
    // The form is still in the browser's memory: leaving this page would lose it.
    return html`<p>${say('refusal.unsent')}</p>
<p class="actions"><a class="button" href="${OWN_PREFIX}/" target="_blank" rel="noopener">${say('button.signInNewTab')}</a></p>`
  }
  const signInAgain = button(signIn?.path ?? SIGN_IN, say('button.signInAgain'))
  if (code === 'sign-in-unknown' || status === 401) return html`<p class="actions">${signInAgain}</p>`
  if (code === 'cross-site-request' || code === 'sign-in-not-same-origin') return html`<p class="actions">${start}</p>`
  if (code === 'confirmation-other-account' || code === 'account-mismatch' || code === 'client-certificate-mismatch')
    return html`<p class="actions">${otherAccount}${start}</p>`
  if (isOfCertificate(code)) return anotherCertificate({ say })
  if (status === 403) return html`<p class="actions">${signInAgain}${otherAccount}</p>`
  // A callback is good once: loading it again would never help.
  return status >= 500 && isRepeatable
    ? html`<p class="actions">${button(signIn?.path ?? '', say('button.tryAgain'))}${start}</p>`
    : html`<p class="actions">${start}</p>`
}
