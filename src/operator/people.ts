/** Who is signed in, and what an operator ends. */
import type { Ended } from '../app/end-person.ts'
import type { SignedIn } from '../app/signed-in.ts'
import { describeDevice, describeNetwork, visible } from '../refusal/display.ts'
import { Html, html } from '../refusal/html.ts'
import { ENGLISH } from '../refusal/speech.ts'
import { operatorPage, PATHS, searchForm } from './operator-page.ts'

/** What a form of the page ends: of whom, and which session or confirmation; none: all of them. */
export interface Ending {
  readonly what: 'person' | 'session' | 'grant'
  readonly account: string
  readonly key: string
}

/** A token that is good once, for that alone. */
export type IssueToken = (ending: Ending) => string

/** `found`: null where the store lists nobody but by name; `account`: who was looked for. */
export function peoplePage(
  account: string | undefined,
  found: SignedIn | null,
  issue: IssueToken,
  nowMs: number,
): string {
  return operatorPage(
    PATHS.person,
    'Who is signed in',
    html`${searchForm(PATHS.person, 'account', 'Person, in any spelling', account)}
${found === null ? html`<p>Redis has no list of all people: look up a person by name.</p>` : listed(account, found, issue, nowMs)}`,
  )
}

function listed(
  account: string | undefined,
  { lookedFor, sessions, grants }: SignedIn,
  issue: IssueToken,
  nowMs: number,
): Html {
  const form = (ending: Ending, text: string, label: string) => endForm(ending, issue, text, label)
  const sessionItems = sessions.map(({ key, account: name, sinceMs, lastSeenMs, from }) => {
    const began = ENGLISH.momentText(sinceMs, nowMs)
    return html`<li><div>${person(name)}${from === undefined ? '' : html`${describeDevice(ENGLISH, from)} from ${visible(from.address)}<br>`}<small>since ${ENGLISH.moment(sinceMs, nowMs)}<br>last seen ${ENGLISH.moment(lastSeenMs, nowMs)}</small></div>
${form({ what: 'session', account: name, key }, 'End', `End the session of ${visible(name)} of ${began.text}`)}</li>`
  })
  const grantItems = grants.map(({ id, account: name, clientClass, network, userAgent, sinceMs, untilMs }) => {
    const what = `${clientClass} from ${describeNetwork(network)}`
    return html`<li><div>${person(name)}${what}<br><small>${visible(userAgent)}<br>confirmed ${ENGLISH.moment(sinceMs, nowMs)}, at most ${ENGLISH.duration(untilMs - nowMs)} more</small></div>
${form({ what: 'grant', account: name, key: id }, 'Withdraw', `Withdraw ${what} of ${visible(name)}`)}</li>`
  })
  const isNobody = sessions.length === 0 && grants.length === 0
  return html`<h2>Sessions: ${sessions.length}</h2>
<ul class="items">${sessionItems}</ul>
<h2>Programs confirmed: ${grants.length}</h2>
<ul class="items">${grantItems}</ul>
${account === undefined ? html`<p><small>The people who were seen, or confirmed something, most recently. Device and address are those of the sign-in; the access log shows where a session is used from.</small></p>` : new Html('')}
${isNobody && lookedFor.length > 0 ? html`<p>Looked for ${lookedFor.map(visible).join(', ')}.</p>` : new Html('')}
${
  account === undefined
    ? new Html('')
    : html`<div class="actions">${form({ what: 'person', account, key: '' }, `End everything of ${visible(account)}`, `End everything of ${visible(account)}`)}</div>
<p><small>Ends all sessions, and withdraws all confirmations of programs. It does not lock anybody out: change the password, and revoke personal access tokens on the server.</small></p>`
}`
}

const person = (name: string) =>
  html`<a href="${PATHS.person}?account=${encodeURIComponent(name)}">${visible(name)}</a><br>`

function endForm({ what, account, key }: Ending, issue: IssueToken, text: string, label: string): Html {
  const fields = { what, account, key, token: issue({ what, account, key }) }
  const inputs = Object.entries(fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )
  return html`<form method="post" action="${PATHS.end}">${inputs}<button class="button quiet" type="submit" aria-label="${label}">${text}</button></form>`
}

export function endedPage({ account }: Ending, { report, nothingEnded }: Ended): string {
  return operatorPage(
    PATHS.end,
    nothingEnded ? 'Nothing was ended' : 'Ended',
    html`<ul>${report.map(line => html`<li>${visible(line)}</li>`)}</ul>
<p class="actions"><a class="button" href="${PATHS.person}?account=${encodeURIComponent(account)}">Back to ${visible(account)}</a></p>`,
  )
}

/** What went wrong, in words for the operator. */
export const problemPage = (place: string, problem: string): string =>
  operatorPage(place, 'That did not work', html`<p>${visible(problem)}</p>`)
