import { OWN_PREFIX } from '../http/request-target.ts'
import type { PatRegister } from '../pats/pat-register.ts'
import type { PatRecord } from '../pats/pat-store.ts'
import { describeClient, describeNetwork, describeTime } from '../refusal/display.ts'
import { type Html, html } from '../refusal/page.ts'
import { accountOf, lastSegment, type OwnAccessParts } from './account-actions.ts'
import { type Route, seeOther } from './reply.ts'

export interface OwnPatParts
  extends Pick<OwnAccessParts, 'sessions' | 'cookies' | 'publicOrigin' | 'accountKeys' | 'audit'> {
  readonly pats: PatRegister
  readonly countPat: (event: 'blocked' | 'allowed') => void
}

/** POST /.torhaus/pats/block/FINGERPRINT and /.torhaus/pats/allow/FINGERPRINT: only the account whose token it is. */
export function blockPat(parts: OwnPatParts, isBlocked: boolean): Route {
  const { pats, accountKeys, audit, countPat } = parts
  return async exchange => {
    const account = await accountOf(parts, exchange)
    const pat = lastSegment(exchange)
    if (await pats.block(accountKeys(account), pat, isBlocked)) {
      countPat(isBlocked ? 'blocked' : 'allowed')
      audit.write(isBlocked ? 'pat-blocked' : 'pat-allowed', exchange, { account, pat })
    }
    return seeOther(`${OWN_PREFIX}/`)
  }
}

/** Enough to tell one's own tokens apart. */
const SHORT_LENGTH = 8

/** For the account page. */
export function patList(seen: readonly PatRecord[], nowMs: number): Html {
  if (seen.length === 0) return html`<p>None that the server said is yours.</p>`
  const items = seen.map(({ fingerprint, firstSeenAtMs, lastSeenAtMs, networks, clientClasses, isBlocked }) => {
    const short = fingerprint.slice(0, SHORT_LENGTH)
    const [action, label] = isBlocked ? ['allow', 'Allow again'] : ['block', 'Block']
    return html`<li><div><code>${short}</code>${isBlocked ? html` <strong>blocked</strong>` : ''} ${clientClasses.map(describeClient).join(', ')}<br><small>from ${networks.map(({ network }) => describeNetwork(network)).join(', ')}<br>first seen ${describeTime(firstSeenAtMs, nowMs)}<br>last used ${describeTime(lastSeenAtMs, nowMs)}</small></div>
<form method="post" action="${OWN_PREFIX}/pats/${action}/${fingerprint}"><button class="button quiet" type="submit" aria-label="${label}: token ${short}">${label}</button></form></li>`
  })
  return html`<ul class="items">${items}</ul>`
}
