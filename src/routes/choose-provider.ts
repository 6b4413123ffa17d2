/**
 * Selects one of several OPs: the one named by the link (`?iss=ISSUER`, `?provider=NAME`), the one with the domain of
 * the login hint, or the one used last; otherwise the person chooses.
 */
import type { Traced } from '../exchange.ts'
import type { Op, Ops } from '../oidc/ops.ts'
import { html } from '../refusal/html.ts'
import type { Pages } from '../refusal/pages.ts'
import type { SessionCookies } from '../session/session-cookie.ts'
import { type Reply, shown } from './reply.ts'
import { opNamed } from './third-party-login.ts'

export interface ChoiceParts {
  readonly pages: Pages
  readonly ops: Ops
  readonly cookies: SessionCookies
}

const PARAMETER = 'provider'

/** Undefined: none is selected, or one that is not configured. An empty `?provider=` asks again. */
export function chosenOp(
  { ops, cookies }: Omit<ChoiceParts, 'pages'>,
  { fields }: Traced,
  query: URLSearchParams,
): Op | undefined {
  const named = opNamed(ops, query)
  if (named !== undefined) return named
  const [first, ...others] = ops.all
  if (others.length === 0) return first
  if (query.has(PARAMETER)) return ops.named(query.get(PARAMETER))
  return ofHint(ops, query.get('login_hint') ?? '') ?? ops.named(cookies.providerIn(fields.kept.cookie))
}

function ofHint(ops: Ops, hint: string): Op | undefined {
  const domain = hint.slice(hint.lastIndexOf('@') + 1).toLowerCase()
  return ops.all.find(({ settings }) => settings.domains.some(own => own.toLowerCase() === domain))
}

/** A page with the same link once for each OP. */
export function choicePage({ pages, ops }: ChoiceParts, exchange: Traced, query: URLSearchParams): Reply {
  const buttons = ops.all.map(({ name, settings }) => {
    const next = new URLSearchParams(query)
    next.set(PARAMETER, name)
    return html`<a class="button" href="${`${exchange.target.path}?${next}`}">${settings.title ?? name}</a>`
  })
  const { say, window } = pages.for(exchange)
  const content = html`<p>${say('choice.text')}</p><p class="actions">${buttons}</p>`
  return shown(window({ title: say('choice.title'), content }))
}
