/** On the page of a person: where the own tokens are used, what of it is confirmed, and what waits. */
import type { PatConfirmation, PatRequest } from '../pats/pat-confirmation-store.ts'
import type { PatRecord } from '../pats/pat-store.ts'
import { describeClient, describeNetwork, describeTime } from '../refusal/display.ts'
import { type Html, html } from '../refusal/html.ts'
import { confirmPath } from './confirm.ts'

/** Enough to tell one's own tokens apart. */
const SHORT_LENGTH = 8
export const shortFingerprint = (fingerprint: string) => fingerprint.slice(0, SHORT_LENGTH)

/** A prefix as a segment of a path. */
const segmentOf = (network: string) => network.replace('/', '_')

/** Which of the networks a segment of a path names. */
export const networkFrom = (segment: string, networks: readonly string[]): string | undefined =>
  networks.find(network => segmentOf(network) === segment)

export interface PatNetworks {
  readonly seen: readonly PatRecord[]
  readonly decided: readonly PatConfirmation[]
  readonly waiting: readonly PatRequest[]
  /** Where the person is now. */
  readonly here: string
  /** Also where it was used before. */
  readonly asksEverywhere: boolean
}

/** A form around a button, to an action below /.torhaus/. */
type FormOf = (action: string, button: Html) => Html

export function patNetworkList(networks: PatNetworks, form: FormOf, nowMs: number): Html {
  const { seen, decided, waiting } = networks
  const asked = waiting.map(({ code, clientClass, clientAddress, createdAtMs, ...place }) =>
    row(
      place,
      html`<strong>waits for you</strong>: ${describeClient(clientClass)} at ${clientAddress}, ${describeTime(createdAtMs, nowMs)}`,
      html`<a class="button quiet" href="${confirmPath(code)}">Look</a>`,
    ),
  )
  const confirmed = decided
    .filter(({ isWithdrawn }) => !isWithdrawn)
    .map(known => row(known, `confirmed ${describeTime(known.decidedAtMs, nowMs)}`, button('withdraw', known, form)))
  const others = seen.filter(({ isBlocked }) => !isBlocked).flatMap(token => undecided(networks, token, form))
  const items = [...asked, ...confirmed, ...others]
  return items.length === 0 ? html`<p>No token of yours was seen.</p>` : html`<ul class="items">${items}</ul>`
}

type Place = Pick<PatConfirmation, 'fingerprint' | 'network'>

/** Where the token was used, and where the person is now, as far as nobody has confirmed that, or waits for it. */
function undecided(
  { decided, waiting, here, asksEverywhere }: PatNetworks,
  { fingerprint, networks }: PatRecord,
  form: FormOf,
): Html[] {
  const isAt = (network: string) => (place: Place) => place.fingerprint === fingerprint && place.network === network
  const seenIn = networks.map(({ network }) => network)
  return [...new Set([here, ...seenIn])].flatMap(network => {
    const decision = decided.find(isAt(network))
    if (decision?.isWithdrawn === false || waiting.some(isAt(network))) return []
    const place = { fingerprint, network }
    const isKnown = seenIn.includes(network)
    if (isKnown && decision === undefined && !asksEverywhere)
      return [row(place, 'was used there, so nobody asks', button('withdraw', place, form))]
    const text = decision !== undefined ? 'withdrawn' : isKnown ? 'was used there' : 'where you are now'
    return [row(place, text, button('confirm', place, form))]
  })
}

function row({ fingerprint, network }: Place, text: Html | string, action: Html): Html {
  return html`<li><div><code>${shortFingerprint(fingerprint)}</code> from ${describeNetwork(network)}<br><small>${text}</small></div>
${action}</li>`
}

function button(action: 'confirm' | 'withdraw', { fingerprint, network }: Place, form: FormOf): Html {
  const label = action === 'confirm' ? 'Confirm' : 'Withdraw'
  const name = `${label}: token ${shortFingerprint(fingerprint)} from ${describeNetwork(network)}`
  return form(
    `pats/${action}/${fingerprint}/${segmentOf(network)}`,
    html`<button class="button quiet" type="submit" aria-label="${name}">${label}</button>`,
  )
}
