import type { Ops } from '../oidc/ops.ts'
import type { PatRegister } from '../pats/pat-register.ts'
import type { PatRecord } from '../pats/pat-store.ts'
import { describeClient, describeNetwork } from '../refusal/display.ts'
import { Html, html } from '../refusal/html.ts'
import type { AccountActionParts } from './account-actions.ts'
import type { BeginSignIn } from './begin-sign-in.ts'
import { ACCOUNT_PAGE, acting, type Listing, lastSegment, type OwnPageParts } from './own-page.ts'
import { shortFingerprint } from './pat-networks.ts'
import { type Route, seeOther } from './reply.ts'
import type { SignInParts } from './sign-in.ts'

export interface PatActionParts extends OwnPageParts, Pick<AccountActionParts, 'accountKeys' | 'audit'> {
  readonly pats: PatRegister
  readonly begin: BeginSignIn
  readonly ops: Pick<Ops, 'ofSession'>
  readonly countPat: (event: 'blocked' | 'allowed') => void
}

/** POST /.torhaus/pats/block/FINGERPRINT: only for tokens of the person's own account. */
export function blockPat(parts: PatActionParts): Route {
  const { pats, accountKeys, audit, countPat } = parts
  return acting(parts, 'takes', async (exchange, { account }) => {
    const pat = lastSegment(exchange)
    if (await pats.block(accountKeys(account), pat, true)) {
      countPat('blocked')
      audit.write('pat-blocked', exchange, { account, pat })
    }
    return seeOther(ACCOUNT_PAGE)
  })
}

/** POST /.torhaus/pats/allow/FINGERPRINT: restoring access requires a new sign-in. */
export function askToAllowPat(parts: PatActionParts): Route {
  const { begin, ops, rule } = parts
  return acting(parts, 'gives', (exchange, { accountKey, ...session }) =>
    begin(exchange, {
      op: ops.ofSession(session),
      returnTo: ACCOUNT_PAGE,
      stepUp: { maxAgeSeconds: rule.maxAgeSeconds, acceptAcr: undefined },
      intent: { kind: 'allow-pat', object: lastSegment(exchange), accountKey },
    }),
  )
}

/** Unblocks the token after the new sign-in. */
export function allowPat({ pats, accountKeys, audit, countPat }: PatActionParts): SignInParts['fulfil'] {
  return async (exchange, { object: pat }, { account }) => {
    if (await pats.block(accountKeys(account), pat, false)) {
      countPat('allowed')
      audit.write('pat-allowed', exchange, { account, pat })
    }
    return ACCOUNT_PAGE
  }
}

/** The list of tokens on the account page. */
export function patList(seen: readonly PatRecord[], { speech, form, nowMs }: Listing): Html {
  const { say, moment } = speech
  if (seen.length === 0) return html`<p>${say('pats.none')}</p>`
  const items = seen.map(({ fingerprint, firstSeenAtMs, lastSeenAtMs, networks, clientClasses, isBlocked }) => {
    const token = shortFingerprint(fingerprint)
    const action = isBlocked ? 'allow' : 'block'
    const button = html`<button class="button quiet" type="submit" aria-label="${say(`pats.${action}It`, { token })}">${say(`pats.${action}`)}</button>`
    const programs = clientClasses.map(clientClass => describeClient(speech, clientClass).text).join(', ')
    const from = say('pats.from', { networks: networks.map(({ network }) => describeNetwork(network)).join(', ') })
    return html`<li><div><code>${token}</code>${isBlocked ? html` <strong>${say('pats.blocked')}</strong>` : ''} ${new Html(programs)}<br><small>${from}<br>${say('pats.firstSeen', { time: moment(firstSeenAtMs, nowMs) })}<br>${say('pats.lastUsed', { time: moment(lastSeenAtMs, nowMs) })}</small></div>
${form(`pats/${action}/${fingerprint}`, button)}</li>`
  })
  return html`<ul class="items">${items}</ul>`
}
