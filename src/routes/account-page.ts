import { type NetworkSettings, networkOf } from '../../config/address-prefix.ts'
import type { Config } from '../../config/schema.ts'
import type { AccountKey, AccountKeyOf } from '../account-key.ts'
import type { Evidence, Traced } from '../exchange.ts'
import type { Grant } from '../grants/grant-store.ts'
import type { Grants } from '../grants/grants.ts'
import { OWN_PREFIX } from '../http/request-target.ts'
import type { PatConfirmations } from '../pats/pat-confirmations.ts'
import type { PatRegister } from '../pats/pat-register.ts'
import { describeClient, describeCover, describeDevice, describeNetwork } from '../refusal/display.ts'
import { Html, html } from '../refusal/html.ts'
import type { Speech } from '../refusal/speech.ts'
import type { SessionRecord } from '../session/session-store.ts'
import { english } from '../texts/english.ts'
import { ACCOUNT_PAGE, buttonForm, type Listing, type OwnPageParts, showing } from './own-page.ts'
import { patList } from './pat-actions.ts'
import { patNetworkList } from './pat-networks.ts'
import { type Reply, type Route, shown } from './reply.ts'

export interface AccountPageParts extends OwnPageParts {
  readonly grants: Grants
  readonly pats: PatRegister
  readonly patConfirmations: PatConfirmations
  readonly patPolicy: Pick<Config['credentials']['patPolicy'], 'confirm'>
  /** Prefix lengths of networks, as for tokens. */
  readonly networks: NetworkSettings
  readonly accountKey: AccountKeyOf
  readonly accountKeys: (account: string) => readonly AccountKey[]
  /** The start page of the origin server. */
  readonly home: string
}

/** GET /.torhaus/: the account, what passes in its name, and how to revoke it. */
export function accountPage(parts: AccountPageParts): Route {
  const { sessions, grants, pats, accountKey, accountKeys, publicOrigin, home, now } = parts
  const answer = async (exchange: Traced, session: SessionRecord): Promise<Reply> => {
    const paper = parts.pages.for(exchange)
    const { say, moment } = paper
    const listing: Listing = {
      speech: paper,
      form: (action, button) => buttonForm(parts, session, `${OWN_PREFIX}/${action}`, button),
      nowMs: now(),
    }
    const { account, createdAtMs, evidence, key } = session
    const everywhere = html`<button class="button quiet" type="submit">${say('everywhere.button')}</button>`
    const content = html`<dl>
<dt>${say('account.account')}</dt><dd>${account}</dd>
<dt>${say('account.signedIn')}</dt><dd>${moment(createdAtMs, listing.nowMs)}</dd>
<dt>${say('account.provenBy')}</dt><dd>${proofOf(paper, evidence)}</dd>
<dt>${say('account.address')}</dt><dd>${exchange.clientAddress}</dd>
</dl>
<p class="actions"><a class="button" href="${home}">${say('account.goTo', { host: new URL(publicOrigin).host })}</a><a class="button quiet" href="${OWN_PREFIX}/sign-out">${say('button.signOut')}</a></p>
<h2>${say('grants.title')}</h2>
${grantList(await grants.of(accountKey(account)), listing)}
<p><a href="${OWN_PREFIX}/git">${say('account.setUpGit')}</a></p>
<h2>${say('pats.title')}</h2>
${patList(await pats.of(accountKeys(account)), listing)}
${await tokenNetworks(parts, exchange, session, listing)}
<h2>${say('sessions.title')}</h2>
${sessionList(await sessions.of(accountKeys(account)), key, listing)}
<div class="actions">${listing.form('sign-out-everywhere', everywhere)}</div>
<p><small>${say('everywhere.text')}</small></p>`
    const footer = html`<span>${say('request.id', { id: exchange.requestId })}</span>`
    return shown(paper.window({ title: say('account.title'), content, footer }))
  }
  return showing(parts, answer, ACCOUNT_PAGE)
}

/** Networks of the person's tokens; empty unless tokens must be confirmed. */
async function tokenNetworks(
  { pats, patConfirmations, patPolicy, networks, accountKey, accountKeys }: AccountPageParts,
  { clientAddress }: Traced,
  { account }: SessionRecord,
  listing: Listing,
): Promise<Html> {
  if (patPolicy.confirm === 'never') return new Html('')
  const list = {
    seen: await pats.of(accountKeys(account)),
    decided: await patConfirmations.of(accountKey(account)),
    waiting: await patConfirmations.requestsOf(accountKey(account)),
    here: networkOf(clientAddress, networks),
    asksEverywhere: patPolicy.confirm === 'first-use',
  }
  return html`<h2>${listing.speech.say('networks.title')}</h2>
${patNetworkList(list, listing)}`
}

function grantList(running: readonly Grant[], { speech, form, nowMs }: Listing): Html {
  const { say, duration } = speech
  if (running.length === 0) return html`<p>${say('grants.none')}</p>`
  const items = running.map(({ id, clientClass, network, userAgent, confirmations }) => {
    const program = describeClient(speech, clientClass)
    const what = say('grants.from', { program, network: describeNetwork(network) })
    const lines = confirmations.map(({ cover, expiresAtMs }) => {
      const left = { cover: describeCover(speech, cover, clientClass), duration: duration(expiresAtMs - nowMs) }
      return html`<br>${say('grants.may', left)}`
    })
    const button = html`<button class="button quiet" type="submit" aria-label="${say('grants.takeBackIt', { what })}">${say('grants.takeBack')}</button>`
    return html`<li><div>${what}<br><small>${userAgent}${lines}</small></div>
${form(`grants/${id}`, button)}</li>`
  })
  return html`<ul class="items">${items}</ul>`
}

function sessionList(running: readonly SessionRecord[], current: string, { speech, form, nowMs }: Listing): Html {
  const { say, moment, momentText } = speech
  const items = running.map(({ key, createdAtMs, lastSeenAtMs, from }) => {
    const device = describeDevice(speech, from)
    const name = say('sessions.endIt', { time: momentText(createdAtMs, nowMs), device })
    const button = html`<button class="button quiet" type="submit" aria-label="${name}">${say('sessions.end')}</button>`
    const whose = key === current ? html`<strong>${say('sessions.this')}</strong>` : say('sessions.other')
    const lines = [
      ...(from === undefined ? [] : [html`${device}, ${say('sessions.from', { address: from.address })}<br>`]),
      html`${say('sessions.since', { time: moment(createdAtMs, nowMs) })}<br>`,
      say('sessions.lastUsed', { time: moment(lastSeenAtMs, nowMs) }),
    ]
    return html`<li><div>${whose}<br><small>${lines}</small></div>
${key === current ? '' : form(`sessions/${key}`, button)}</li>`
  })
  return html`<ul class="items">${items}</ul>`
}

/** RFC 8176 2, in words; `mfa` is left out, because the other values show that there were several. */
function proofOf({ say }: Speech, { amr, acr, acrs, firstFactor, ticket }: Evidence): Html {
  if (ticket !== undefined) return say('method.ticket')
  if (firstFactor !== undefined) return say(firstFactor === 'negotiate' ? 'method.wia' : 'method.pwd')
  const methods = amr.filter(method => method !== 'mfa')
  const names = methods.length > 0 ? methods : [...amr, ...(acr === undefined ? [] : [acr]), ...acrs]
  return new Html(names.map(name => methodName(say, name).text).join(', '))
}

const methodName = (say: Speech['say'], method: string): Html => {
  const key = `method.${method}`
  return Object.hasOwn(english, key) ? say(key as keyof typeof english) : html`${method}`
}
