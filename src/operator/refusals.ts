/** What did not go through, and why. */
import { printTrace } from '../observability/print-trace.ts'
import { KEPT, type RecentExchange } from '../observability/recent-exchanges.ts'
import { type Html, html } from '../refusal/html.ts'
import { listOf, operatorPage, PATHS, searchForm } from './operator-page.ts'
import { momentOf } from './units.ts'

export function refusalsPage(refused: readonly RecentExchange[]): string {
  return operatorPage(
    PATHS.refusals,
    'Refusals and faults',
    html`${searchForm(PATHS.request, 'id', 'Request id')}
${exchangeList(refused)}
<p><small>${WHAT_IS_KEPT}</small></p>`,
  )
}

const WHAT_IS_KEPT = `Each worker keeps the last ${KEPT} requests of each outcome (refused, asked to sign in, failed) in memory until it stops. Requests that were only asked to sign in are not listed, but can be found by id. All requests are in the access log.`

export function exchangeList(exchanges: readonly RecentExchange[]): Html {
  if (exchanges.length === 0) return html`<p>None since the workers started.</p>`
  const items = exchanges.map(exchange => {
    const { atMs, code, trace, account, clientAddress, clientClass, scheme } = exchange
    const { requestId, method, path, status, outcome } = trace
    const id = requestId === undefined ? html`without id` : html`<a href="${linkTo(requestId)}">${requestId}</a>`
    return html`<li><div><strong>${code ?? outcome}</strong> ${status ?? 'no status'} ${outcome}<br>${method} <code>${path}</code><br><small>${momentOf(atMs)}; ${clientAddress}, ${account ?? 'nobody known'}, ${scheme}, ${clientClass}; request ${id}</small></div></li>`
  })
  return html`<ul class="items">${items}</ul>`
}

const linkTo = (requestId: string) => `${PATHS.request}?id=${encodeURIComponent(requestId)}`

/** `found`: null where no worker has it. */
export function requestPage(id: string, found: RecentExchange | null): string {
  return operatorPage(
    PATHS.request,
    'A request',
    html`${searchForm(PATHS.request, 'id', 'Request id', id)}
${found === null ? html`<p>No worker has it. ${WHAT_IS_KEPT} Requests that passed are kept only if they are traced: one in <code>admin.traceOneIn</code>, or all with <code>logging.trace</code>.</p>` : ofExchange(found)}`,
  )
}

function ofExchange({ atMs, code, account, clientAddress, trace, isTraced }: RecentExchange): Html {
  const { steps, outcome, status } = trace
  const reason = steps.at(-1)?.reason
  return html`${listOf([
    ['Ended', momentOf(atMs)],
    ['Outcome', `${outcome}${status === undefined ? '' : `, status ${status}`}`],
    ...(code === undefined ? [] : [['Code', code] as const]),
    ...(reason === undefined ? [] : [['Reason', reason] as const]),
    ['Account', account ?? 'nobody known'],
    ['Client', clientAddress],
  ])}
<h2>Decision trace</h2>
<pre>${printTrace(trace).map(line => html`<span>${line}\n</span>`)}</pre>
<p><small>${isTraced ? 'Recorded stage by stage while it ran.' : 'Reconstructed at its end, without the time each stage took; admin.traceOneIn or logging.trace records that.'} The meaning of each code: docs/errors.md.</small></p>`
}
