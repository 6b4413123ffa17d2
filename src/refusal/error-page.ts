import type { StepUp } from '../decision.ts'
import { type Code, errorTable, type NewSignIn } from '../errors.ts'
import type { PartialExchange } from '../exchange.ts'
import { isOwnPath, OWN_PREFIX } from '../http/request-target.ts'
import { english, type TextKey } from '../texts/english.ts'
import { type Html, html } from './html.ts'
import type { Sheet } from './pages.ts'
import { signInPath } from './sign-in-path.ts'
import type { Speech } from './speech.ts'

/** Of the certificate of the connection: signing in again would not help. */
export const isOfCertificate = (code: Code): boolean => code.startsWith('client-certificate-')

const [SIGN_IN, YOUR_PAGE] = [`${OWN_PREFIX}/sign-in`, `${OWN_PREFIX}/`]

export interface WaysOut {
  /** Where a person can confirm. */
  readonly link: string | undefined
  readonly signIn: NewSignIn | undefined
  /** What a sign-in must prove first. */
  readonly stepUp?: StepUp | undefined
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
  const { link, signIn, stepUp } = ways
  const { status } = errorTable[code]
  const what =
    signIn?.isAutomatic === true
      ? say('refusal.restarting')
      : // Where somebody at a browser can be told more than the one sentence for every client.
        say((stepUp === undefined ? textKey(`explain.${code}`) : undefined) ?? `error.${code}`)
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

/** The form is still in the browser's memory: leaving this page would lose it. */
const unsent = ({ say }: Speech, stepUp: StepUp | undefined) => html`<p>${say('refusal.unsent')}</p>
<p class="actions"><a class="button" href="${signInPath(YOUR_PAGE, stepUp)}" target="_blank" rel="noopener">${say('button.signInNewTab')}</a></p>`

/**
 * For the page that was wanted; what no window shows is none, nor is one of ours that failed. Whoever shows credentials may
 * have secrets in the URL as well, which are not to be repeated.
 */
function signInFrom({ request, target, isNavigation }: PartialExchange, { signIn, stepUp }: WaysOut): string {
  if (signIn !== undefined) return signIn.path
  if (stepUp !== undefined) return signInPath(YOUR_PAGE, stepUp)
  const isWanted = isNavigation === true && request.headers.authorization === undefined
  return isWanted && target !== undefined && !isOwnPath(target.path) ? signInPath(target.raw) : SIGN_IN
}

/** Whatever their status. */
const OF_SIGN_INS: readonly Code[] = ['sign-in-unknown', 'sign-in-other-provider']
/** Who has a session is somebody else. */
const OF_TWO_PEOPLE: readonly Code[] = [
  ...(['confirmation-other-account', 'account-mismatch', 'client-certificate-mismatch'] as const),
]
/** No sign-in changes them. */
const OF_THE_PAGE: readonly Code[] = ['cross-site-request', 'sign-in-not-same-origin', 'own-page-navigation-only']

function wayOut(speech: Speech, known: PartialExchange, code: Code, status: number, ways: WaysOut): Html {
  const { say } = speech
  const { signIn, home } = ways
  const actions = (...buttons: Html[]) => html`<p class="actions">${buttons}</p>`
  const start = quietButton(home, say('button.startPage'))
  const otherAccount = quietButton(`${OWN_PREFIX}/sign-out`, say('button.otherAccount'))
  const isRepeatable = known.request.method === 'GET' || known.request.method === 'HEAD'
  if (!isRepeatable && signIn === undefined && (status === 401 || ways.stepUp !== undefined))
    return unsent(speech, ways.stepUp)
  const signInAgain = button(signInFrom(known, ways), say('button.signInAgain'))
  if (OF_SIGN_INS.includes(code) || status === 401) return actions(signInAgain)
  if (OF_THE_PAGE.includes(code)) return actions(start)
  if (code === 'form-token-invalid') return actions(button(YOUR_PAGE, say('button.yourPage')), start)
  if (OF_TWO_PEOPLE.includes(code)) return actions(otherAccount, start)
  if (isOfCertificate(code)) return anotherCertificate({ say })
  if (status === 403) {
    // Whoever has a good session would only come back from the sign-in.
    const isInVain = known.credentials?.scheme === 'session' && signIn === undefined && ways.stepUp === undefined
    return isInVain ? actions(otherAccount, start) : actions(signInAgain, otherAccount)
  }
  if (status < 500) return actions(start)
  // People reload a page like this one.
  if (!isRepeatable) return html`<p>${say('refusal.sentAgain')}</p>${actions(start)}`
  // A callback is good once: loading it again would never help.
  return actions(button(signIn?.path ?? '', say('button.tryAgain')), start)
}
