/** The part of the account page about networks where tokens are used, confirmed, or waiting. */
import type { PatConfirmation, PatRequest } from '../pats/pat-confirmation-store.ts'
import type { PatRecord } from '../pats/pat-store.ts'
import { describeClient, describeNetwork } from '../refusal/display.ts'
import { type Html, html } from '../refusal/html.ts'
import type { Speech } from '../refusal/speech.ts'
import { confirmPath } from './confirm.ts'
import type { Listing } from './own-page.ts'

/** Enough digits to tell a person's tokens apart. */
const SHORT_LENGTH = 8
export const shortFingerprint = (fingerprint: string) => fingerprint.slice(0, SHORT_LENGTH)

/** A network prefix as a path segment. */
const segmentOf = (network: string) => network.replace('/', '_')

/** The network that a path segment names. */
export const networkFrom = (segment: string, networks: readonly string[]): string | undefined =>
  networks.find(network => segmentOf(network) === segment)

export interface PatNetworks {
  readonly seen: readonly PatRecord[]
  readonly decided: readonly PatConfirmation[]
  readonly waiting: readonly PatRequest[]
  /** The network of this request. */
  readonly here: string
  /** Confirmation is also required in networks where the token was used before. */
  readonly asksEverywhere: boolean
}

export function patNetworkList(networks: PatNetworks, listing: Listing): Html {
  const { seen, decided, waiting } = networks
  const { speech, nowMs } = listing
  const { say, moment } = speech
  const asked = waiting.map(({ code, clientClass, clientAddress, createdAtMs, ...place }) => {
    const waits = html`<strong>${say('networks.waits')}</strong>`
    const program = describeClient(speech, clientClass)
    const time = moment(createdAtMs, nowMs)
    return row(
      speech,
      place,
      say('networks.waiting', { waits, program, address: clientAddress, time }),
      html`<a class="button quiet" href="${confirmPath(code)}">${say('networks.look')}</a>`,
    )
  })
  const confirmed = decided
    .filter(({ isWithdrawn }) => !isWithdrawn)
    .map(known => {
      const text = say('networks.confirmed', { time: moment(known.decidedAtMs, nowMs) })
      return row(speech, known, text, button('withdraw', known, listing))
    })
  const others = seen.filter(({ isBlocked }) => !isBlocked).flatMap(token => undecided(networks, token, listing))
  const items = [...asked, ...confirmed, ...others]
  return items.length === 0 ? html`<p>${say('networks.none')}</p>` : html`<ul class="items">${items}</ul>`
}

type Place = Pick<PatConfirmation, 'fingerprint' | 'network'>

/** Networks where the token was used, and that of this request, if neither confirmed nor waiting. */
function undecided(
  { decided, waiting, here, asksEverywhere }: PatNetworks,
  { fingerprint, networks }: PatRecord,
  listing: Listing,
): Html[] {
  const { speech } = listing
  const isAt = (network: string) => (place: Place) => place.fingerprint === fingerprint && place.network === network
  const seenIn = networks.map(({ network }) => network)
  return [...new Set([here, ...seenIn])].flatMap(network => {
    const decision = decided.find(isAt(network))
    if (decision?.isWithdrawn === false || waiting.some(isAt(network))) return []
    const place = { fingerprint, network }
    const isKnown = seenIn.includes(network)
    if (isKnown && decision === undefined && !asksEverywhere)
      return [row(speech, place, speech.say('networks.nobodyAsks'), button('withdraw', place, listing))]
    const key = decision !== undefined ? 'withdrawn' : isKnown ? 'usedThere' : 'here'
    return [row(speech, place, speech.say(`networks.${key}`), button('confirm', place, listing))]
  })
}

function row({ say }: Speech, { fingerprint, network }: Place, text: Html, action: Html): Html {
  const token = html`<code>${shortFingerprint(fingerprint)}</code>`
  return html`<li><div>${say('networks.from', { token, network: describeNetwork(network) })}<br><small>${text}</small></div>
${action}</li>`
}

function button(action: 'confirm' | 'withdraw', { fingerprint, network }: Place, { speech, form }: Listing): Html {
  const { say } = speech
  const name = say(`networks.${action}It`, { token: shortFingerprint(fingerprint), network: describeNetwork(network) })
  return form(
    `pats/${action}/${fingerprint}/${segmentOf(network)}`,
    html`<button class="button quiet" type="submit" aria-label="${name}">${say(`networks.${action}`)}</button>`,
  )
}
