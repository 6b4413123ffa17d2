import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Provider } from 'oidc-provider'
import { type Accounts, type OpUser, subjectOf } from './accounts.ts'
import { passwordAcr, secondFactorAcr } from './configuration.ts'
import { codePage, passwordPage, problemPage } from './pages.ts'
import { verifyTotp } from './totp.ts'

/** Sign-ins that wait for their code at once; the oldest is dropped and starts again at the password. */
const maxPendingCodes = 1000
const maxFormBytes = 16 * 1024

type Form = { readonly content: URLSearchParams; readonly pending: OpUser | undefined }
type Answer =
  | { readonly kind: 'page'; readonly status: number; readonly markup: string }
  | { readonly kind: 'again' }
  | { readonly kind: 'signed-in'; readonly user: OpUser; readonly amr: readonly string[]; readonly acr: string }

export type InteractionHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/**
 * The sign-in pages: password, then the code of whoever has a TOTP secret. Each accepted form is answered with a
 * redirect (303), so that Back and Reload of the browser never post a form again.
 */
export function createInteractionHandler(parts: {
  readonly provider: Provider
  readonly accounts: Accounts
  readonly now: () => number
  readonly onSignIn: () => void
}): InteractionHandler {
  const { provider, accounts, now, onSignIn } = parts
  /** Interactions past the password, waiting for the code, oldest first. */
  const pendingCodes = new Map<string, OpUser>()

  async function finishSignIn(
    request: IncomingMessage,
    response: ServerResponse,
    answer: Answer & { kind: 'signed-in' },
  ) {
    onSignIn()
    const { user, acr, amr } = answer
    const login = { accountId: subjectOf(user.name), acr, amr, ts: Math.floor(now() / 1000) }
    await provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false })
  }

  function remember(uid: string, user: OpUser | undefined): void {
    pendingCodes.delete(uid)
    if (user === undefined) return
    pendingCodes.set(uid, user)
    const oldest = pendingCodes.keys().next()
    if (pendingCodes.size > maxPendingCodes && !oldest.done) pendingCodes.delete(oldest.value)
  }

  function answerForm(uid: string, form: Form): Answer {
    if (form.content.has('restart')) {
      remember(uid, undefined)
      return { kind: 'again' }
    }
    if (form.content.has('code') && form.pending !== undefined) return answerCode(form.pending, form.content, now())
    const answer = answerPassword(accounts, form.content)
    if (answer.kind !== 'signed-in' || answer.user.totpSecret === undefined) return answer
    remember(uid, answer.user)
    return { kind: 'again' }
  }

  return async (request, response) => {
    const interaction = await provider.interactionDetails(request, response).catch(() => undefined)
    if (interaction === undefined) {
      sendPage(response, 400, problemPage('This sign-in has expired, or was started in another browser.'))
      return
    }
    if (interaction.prompt.name === 'consent') {
      await provider.interactionFinished(request, response, { consent: {} }, { mergeWithLastSubmission: true })
      return
    }
    const { uid } = interaction
    const pending = pendingCodes.get(uid)
    if (request.method !== 'POST') {
      sendPage(response, 200, pending ? codePage({ username: pending.name }) : firstPage(interaction.params))
      return
    }
    const content = await readForm(request)
    if (content === undefined) {
      sendPage(response, 413, problemPage('That form was too large.'))
      return
    }
    const answer = answerForm(uid, { content, pending })
    if (answer.kind === 'page') sendPage(response, answer.status, answer.markup)
    if (answer.kind === 'again') response.writeHead(303, { Location: request.url ?? '/' }).end()
    if (answer.kind === 'signed-in') {
      remember(uid, undefined)
      await finishSignIn(request, response, answer)
    }
  }
}

function firstPage(params: Record<string, unknown>): string {
  return passwordPage({ username: typeof params.login_hint === 'string' ? params.login_hint : '' })
}

function answerPassword(accounts: Accounts, form: URLSearchParams): Answer {
  const username = (form.get('username') ?? '').trim()
  const user = accounts.authenticate(username, form.get('password') ?? '')
  if (user !== undefined) return { kind: 'signed-in', user, acr: passwordAcr, amr: ['pwd'] }
  const error = 'User name or password is wrong.'
  return { kind: 'page', status: 422, markup: passwordPage({ username, error }) }
}

function answerCode(user: OpUser, form: URLSearchParams, nowMs: number): Answer {
  const code = (form.get('code') ?? '').replace(/\s/g, '')
  if (verifyTotp(user.totpSecret ?? '', code, nowMs)) {
    return { kind: 'signed-in', user, acr: secondFactorAcr, amr: ['pwd', 'otp', 'mfa'] }
  }
  const error = 'That code is wrong or no longer valid. Enter the one your app shows now.'
  return { kind: 'page', status: 422, markup: codePage({ username: user.name, error }) }
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  if (Number(request.headers['content-length'] ?? Infinity) > maxFormBytes) return undefined
  return new URLSearchParams(await text(request))
}

function sendPage(response: ServerResponse, status: number, markup: string): void {
  response.writeHead(status, {
    'Content-Type': 'text/html; charset=utf-8',
    'Cache-Control': 'no-store',
    'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
  })
  response.end(markup)
}
