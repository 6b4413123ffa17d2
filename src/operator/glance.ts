/** The first page: how it goes, in numbers. */
import type { Readiness } from '../app/readiness.ts'
import type { RecentExchange } from '../observability/recent-exchanges.ts'
import { Html, html } from '../refusal/html.ts'
import { ENGLISH } from '../refusal/speech.ts'
import { Growth, has, type Snapshot, sum, valuesOf } from './figures.ts'
import { listOf, operatorPage, PATHS, searchForm, tableOf } from './operator-page.ts'
import type { Reading } from './readings.ts'
import { exchangeList } from './refusals.ts'
import { countRequests, latencyTable, outcomeTable, trafficChart, workerTable } from './traffic.ts'
import { countOf, momentOf, shareOf } from './units.ts'

export interface Glance {
  readonly past: readonly Reading[]
  readonly now: Reading
  readonly readiness: Readiness
  /** The newest first. */
  readonly refused: readonly RecentExchange[]
}

export function glancePage({ past, now, readiness, refused }: Glance): string {
  const { metrics, atMs } = now
  const [first] = past
  const growth = new Growth(first?.metrics ?? [], metrics)
  const since =
    first === undefined ? 'since the start' : `in the last ${ENGLISH.duration(Math.max(60_000, atMs - first.atMs))}`
  return operatorPage(
    PATHS.glance,
    'At a glance',
    html`<p><small>As of ${momentOf(atMs)}, of this instance. <a href="${PATHS.glance}">Refresh</a></small></p>
<div class="cards">
<section class="wide"><h2>Requests</h2>
<p><span class="big">${countOf(countRequests(growth))}</span> ${since}: ${countOf(countRequests(growth, ['denied']))} refused, ${failures(countRequests(growth, ['failed']))}</p>
${trafficChart(past, now)}</section>
${card('State', stateOf(readiness, metrics))}
${card(`Second factor, ${since}`, secondFactorOf(growth))}
${card(`Latency, ${since}`, latencyTable(growth))}
<section class="wide"><h2>By scheme and outcome, ${since}</h2>${outcomeTable(growth)}</section>
${card('Connections', connectionsOf(metrics))}
${card(`Sign-in and store, ${since}`, signInOf(growth, metrics))}
${has(metrics, 'torhaus_kdc_circuit_open') ? card('Kerberos', kerberosOf(metrics)) : new Html('')}
${card('Certificates', certificatesOf(metrics, atMs))}
<section class="wide"><h2>Workers, since their start</h2>${workerTable(metrics)}</section>
</div>
<h2>Look up</h2>
<div class="searches">${searchForm(PATHS.person, 'account', 'Person, in any spelling')}${searchForm(PATHS.request, 'id', 'Request id')}</div>
<h2>Latest refusals and failures</h2>
${exchangeList(refused)}
<p><a href="${PATHS.refusals}">All that are kept</a></p>`,
  )
}

const card = (title: string, content: Html) => html`<section><h2>${title}</h2>${content}</section>`

const failures = (count: number) =>
  count === 0 ? html`none failed` : html`<span class="bad">${countOf(count)} failed</span>`

/** Where the name in `/readyz` is one for programs. */
const PARTS: Readonly<Record<string, string>> = {
  identityProvider: 'identity provider',
  kdcCircuit: 'circuit to the KDC',
}

/** What a part says while all is well, or not known yet; anything else, and a worker too few, is trouble. */
const WELL = /^(?:listening|available|known|closed|answered|not reached yet|not asked yet|(\d+) of \1)$/

const partOf = ([part, state]: readonly [string, string]) =>
  [
    part.replace(/^\w+/, name => PARTS[name] ?? name),
    WELL.test(state) ? state : html`<span class="bad">${state}</span>`,
  ] as const

function stateOf({ ready, parts }: Readiness, metrics: Snapshot): Html {
  const isReloaded = sum(metrics, 'torhaus_config_last_reload_successful') === 1
  const [version = '-'] = valuesOf(metrics, 'torhaus_build_info', 'version')
  return html`<p>${ready ? html`<span class="good">Ready: takes requests</span>` : html`<span class="bad">Not ready</span>`}</p>
${listOf([
  ...Object.entries(parts).map(partOf),
  [
    'configuration',
    isReloaded
      ? 'the current file is in force'
      : html`<span class="bad">the current file has problems; the previous one is in force</span>`,
  ],
  ['version', version],
])}`
}

const ADMISSIONS = 'torhaus_admissions_total'
/** A person has shown a second factor: now, by the word of the OP or of a ticket, or for a program that was confirmed. */
const WITH_FACTOR = ['second-factor', 'provider-policy', 'ticket-factor', 'grant']

function secondFactorOf(growth: Growth): Html {
  const all = growth.count(ADMISSIONS)
  const policies = valuesOf(growth.after, ADMISSIONS, 'policy')
    .map(policy => ({ policy, count: growth.count(ADMISSIONS, labels => labels.policy === policy) }))
    .filter(({ count }) => count > 0)
    .sort((one, other) => other.count - one.count)
  const proven = policies.filter(({ policy }) => WITH_FACTOR.includes(policy))
  const share = shareOf(
    proven.reduce((total, { count }) => total + count, 0),
    all,
  )
  if (all === 0) return html`<p>Nothing has been admitted yet.</p>`
  return html`<p><span class="big">${share}</span> of admitted requests</p>
${tableOf(
  ['admitted by', 'requests', 'share'],
  policies.map(({ policy, count }) => [policy, countOf(count), shareOf(count, all)]),
)}`
}

function connectionsOf(metrics: Snapshot): Html {
  const gauge = (name: string) => countOf(sum(metrics, name))
  return listOf([
    ['to the server', gauge('torhaus_upstream_connections')],
    ['idle among them', gauge('torhaus_upstream_idle_connections')],
    ['requests waiting for one', gauge('torhaus_upstream_queued_requests')],
    ['opened so far', gauge('torhaus_upstream_opened_connections_total')],
    ['of clients', gauge('torhaus_client_connections')],
    ['WebSockets', gauge('torhaus_tunnels')],
    ['ended without a request', gauge('torhaus_rejects_total')],
  ])
}

const answers = (does: boolean) =>
  does ? html`<span class="good">answers</span>` : html`<span class="bad">does not answer</span>`

function signInOf(growth: Growth, metrics: Snapshot): Html {
  const steps = (event: string) => countOf(growth.count('torhaus_sign_ins_total', labels => labels.event === event))
  const isUp = sum(metrics, 'torhaus_store_up') === 1
  return listOf([
    ['store', answers(isUp)],
    ['errors of the store', countOf(growth.count('torhaus_store_errors_total'))],
    ['sign-ins begun', steps('started')],
    ['completed', steps('completed')],
    ['refused by the provider', steps('refused')],
    ['without a second factor', steps('second-factor-missing')],
  ])
}

const KDC_UP = 'torhaus_kdc_up'
const isKdcUp = (metrics: Snapshot, kdc: string) => sum(metrics, KDC_UP, labels => labels.kdc === kdc) === 1

function kerberosOf(metrics: Snapshot): Html {
  const isOpen = sum(metrics, 'torhaus_kdc_circuit_open') > 0
  const gauge = (name: string) => countOf(sum(metrics, name))
  return listOf([
    ['KDC', isOpen ? html`<span class="bad">not asked, after failures</span>` : html`<span class="good">asked</span>`],
    ...valuesOf(metrics, KDC_UP, 'kdc').map(kdc => [kdc, answers(isKdcUp(metrics, kdc))] as const),
    ['calls in progress', gauge('torhaus_kdc_calls_running')],
    ['calls waiting', gauge('torhaus_kdc_calls_queued')],
    ['calls so far', gauge('torhaus_kdc_calls_started_total')],
    ['failed', gauge('torhaus_kdc_calls_failed_total')],
    ['accounts with tickets', gauge('torhaus_cached_principals')],
  ])
}

const CERTIFICATE = 'torhaus_certificate_not_after_timestamp_seconds'
const SOON_DAYS = 21

function certificatesOf(metrics: Snapshot, nowMs: number): Html {
  const options = valuesOf(metrics, CERTIFICATE, 'option')
  if (options.length === 0) return html`<p>None: TLS ends before Torhaus.</p>`
  return listOf(
    options.map((option): [string, Html] => {
      const days = Math.floor((sum(metrics, CERTIFICATE, labels => labels.option === option) - nowMs / 1000) / 86_400)
      const text = days < 0 ? 'has ended' : `ends in ${days} days`
      return [option, days < SOON_DAYS ? html`<span class="bad">${text}</span>` : html`${text}`]
    }),
  )
}
