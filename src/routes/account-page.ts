import { type NetworkSettings, networkOf } from '../../config/address-prefix.ts'
import type { Config } from '../../config/schema.ts'
import type { AccountKey, AccountKeyOf } from '../account-key.ts'
import type { Evidence, Traced } from '../exchange.ts'
import type { Grant } from '../grants/grant-store.ts'
import type { Grants } from '../grants/grants.ts'
import { OWN_PREFIX } from '../http/request-target.ts'
import type { PatConfirmations } from '../pats/pat-confirmations.ts'
import type { PatRegister } from '../pats/pat-register.ts'
import { describeClient, describeCover, describeDuration, describeNetwork, describeTime } from '../refusal/display.ts'
import { Html, html } from '../refusal/html.ts'
import type { SessionRecord } from '../session/session-store.ts'
import { ACCOUNT_PAGE, buttonForm, type OwnPageParts, showing } from './own-page.ts'
import { patList } from './pat-actions.ts'
import { patNetworkList } from './pat-networks.ts'
import { type Reply, type Route, shown } from './reply.ts'

export interface AccountPageParts extends OwnPageParts {
  readonly grants: Grants
  readonly pats: PatRegister
  readonly patConfirmations: PatConfirmations
  readonly patPolicy: Pick<Config['credentials']['patPolicy'], 'confirm'>
  /** Prefixes, as for the tokens. */
  readonly networks: NetworkSettings
  readonly accountKey: AccountKeyOf
  readonly accountKeys: (account: string) => readonly AccountKey[]
  /** The start page of the server. */
  readonly home: string
}

/** A form around a button, to an action below /.torhaus/. */
type FormOf = (action: string, button: Html) => Html

/** GET /.torhaus/: who you are here, what passes in your name, and how to take it back. */
export function accountPage(parts: AccountPageParts): Route {
  const { sessions, grants, pats, accountKey, accountKeys, publicOrigin, home, now } = parts
  const answer = async (exchange: Traced, session: SessionRecord): Promise<Reply> => {
    const form: FormOf = (action, button) => buttonForm(parts, session, `${OWN_PREFIX}/${action}`, button)
    const { account, createdAtMs, evidence, key } = session
    const content = html`<dl>
<dt>Account</dt><dd>${account}</dd>
<dt>Signed in</dt><dd>${describeTime(createdAtMs, now())}</dd>
<dt>Proven by</dt><dd>${proofOf(evidence)}</dd>
<dt>Your address</dt><dd>${exchange.clientAddress}</dd>
</dl>
<p class="actions"><a class="button" href="${home}">Go to ${new URL(publicOrigin).host}</a><a class="button quiet" href="${OWN_PREFIX}/sign-out">Sign out</a></p>
<h2>Programs you have confirmed</h2>
${grantList(await grants.of(accountKey(account)), form, now())}
<p><a href="${OWN_PREFIX}/git">Set up git for this server</a></p>
<h2>Personal access tokens seen</h2>
${patList(await pats.of(accountKeys(account)), form, now())}
${await tokenNetworks(parts, exchange, session, form)}
<h2>Your sessions</h2>
${sessionList(await sessions.of(accountKeys(account)), key, form, now())}
<div class="actions">${form('sign-out-everywhere', html`<button class="button quiet" type="submit">Sign out everywhere</button>`)}</div>
<p><small>Ends every session, and takes back every program you have confirmed.</small></p>`
    const footer = html`<span>request ${exchange.requestId}</span>`
    return shown(parts.pages.for(exchange).window({ title: 'You are signed in', content, footer }))
  }
  return showing(parts, answer, ACCOUNT_PAGE)
}

/** Where the own tokens may be used: only where somebody asks about that. */
async function tokenNetworks(
  { pats, patConfirmations, patPolicy, networks, accountKey, accountKeys, now }: AccountPageParts,
  { clientAddress }: Traced,
  { account }: SessionRecord,
  form: FormOf,
): Promise<Html> {
  if (patPolicy.confirm === 'never') return new Html('')
  const list = {
    seen: await pats.of(accountKeys(account)),
    decided: await patConfirmations.of(accountKey(account)),
    waiting: await patConfirmations.requestsOf(accountKey(account)),
    here: networkOf(clientAddress, networks),
    asksEverywhere: patPolicy.confirm === 'first-use',
  }
  return html`<h2>Where your tokens may be used</h2>
${patNetworkList(list, form, now())}`
}

function grantList(running: readonly Grant[], form: FormOf, nowMs: number): Html {
  if (running.length === 0)
    return html`<p>None. When git or another program is refused, it shows a link: open it to confirm.</p>`
  const items = running.map(
    ({ id, clientClass, network, userAgent, confirmations }) =>
      html`<li><div>${describeClient(clientClass)} from ${describeNetwork(network)}<br><small>${userAgent}${confirmations.map(
        ({ cover, expiresAtMs }) =>
          html`<br>may ${describeCover(cover, clientClass)}: at most ${describeDuration(expiresAtMs - nowMs)} more`,
      )}</small></div>
${form(`grants/${id}`, html`<button class="button quiet" type="submit" aria-label="Take back: ${describeClient(clientClass)} from ${describeNetwork(network)}">Take back</button>`)}</li>`,
  )
  return html`<ul class="items">${items}</ul>`
}

function sessionList(running: readonly SessionRecord[], current: string, form: FormOf, nowMs: number): Html {
  const items = running.map(({ key, createdAtMs, lastSeenAtMs }) => {
    const began = describeTime(createdAtMs, nowMs)
    const button = html`<button class="button quiet" type="submit" aria-label="End the session of ${began}">End</button>`
    return html`<li><div>${key === current ? html`<strong>This browser</strong>` : 'Another browser'}<br><small>since ${began}<br>last used ${describeTime(lastSeenAtMs, nowMs)}</small></div>
${key === current ? new Html('') : form(`sessions/${key}`, button)}</li>`
  })
  return html`<ul class="items">${items}</ul>`
}

/** RFC 8176 2, in words; `mfa` only says that there were several, which the others show. */
const METHOD_NAMES: Readonly<Record<string, string>> = {
  face: 'face',
  fpt: 'fingerprint',
  hwk: 'security key',
  kba: 'security question',
  mca: 'second channel',
  otp: 'one-time code',
  pin: 'PIN',
  pop: 'key of the device',
  pwd: 'password',
  sc: 'smart card',
  sms: 'text message',
  swk: 'key in software',
  tel: 'telephone',
  wia: 'Windows sign-in',
}

function proofOf({ amr, acr, acrs, firstFactor, ticket }: Evidence): string {
  if (ticket !== undefined) return 'Windows sign-in with a second factor'
  if (firstFactor !== undefined) return firstFactor === 'negotiate' ? 'Windows sign-in' : 'password'
  const methods = amr.filter(method => method !== 'mfa').map(method => METHOD_NAMES[method] ?? method)
  if (methods.length > 0) return methods.join(', ')
  return [...amr, ...(acr === undefined ? [] : [acr]), ...acrs].join(', ')
}
