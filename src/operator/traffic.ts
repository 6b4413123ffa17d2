/** How much there is to do, and how it ends. */
import type { Outcome } from '../observability/exchange-record.ts'
import { Html, html } from '../refusal/html.ts'
import { Growth, type Labels, type Snapshot, sum, valuesOf } from './figures.ts'
import { scrolled, tableOf } from './operator-page.ts'
import type { Reading } from './readings.ts'
import { countOf, megabytesOf, secondsOf } from './units.ts'

const REQUESTS = 'torhaus_requests_total'

/** How exchanges end, as columns: what belongs together stands together. */
const ENDS: readonly (readonly [name: string, outcomes: readonly Outcome[]])[] = [
  ['went through', ['forwarded', 'answered']],
  ['asked to sign in', ['redirected', 'challenged']],
  ['refused', ['denied']],
  ['failed', ['failed']],
  ['client left', ['aborted']],
]

const SERIES = [
  { name: 'went through', css: 'through', outcomes: ['forwarded', 'answered'] },
  { name: 'refused, or asked to sign in', css: 'refused', outcomes: ['redirected', 'challenged', 'denied'] },
  { name: 'failed', css: 'failed', outcomes: ['failed'] },
] as const

const totalOf = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0)

const endedAs = (outcomes: readonly string[]) => (labels: Labels) => outcomes.includes(String(labels.outcome))

/** Bars, a minute each, the newest on the right. */
export function trafficChart(past: readonly Reading[], now: Reading): Html {
  const readings = [...past, now]
  const minutes = readings.slice(1).map((reading, index) => {
    const growth = new Growth(readings[index]?.metrics ?? [], reading.metrics)
    return SERIES.map(({ outcomes }) => growth.count(REQUESTS, endedAs(outcomes)))
  })
  if (minutes.length === 0)
    return html`<p><small>The chart, with one bar per minute, appears after a minute.</small></p>`
  const most = Math.max(1, ...minutes.map(totalOf))
  const bars = minutes.flatMap((counts, index) => barsOf(counts, most, SLOTS - minutes.length + index))
  const legend = SERIES.map(
    ({ name, css }) =>
      html`<li><svg viewBox="0 0 1 1" class="${css}" aria-hidden="true"><rect width="1" height="1"/></svg>${name}</li>`,
  )
  return html`<svg class="chart" viewBox="0 0 ${SLOTS * SLOT_WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="Requests a minute in the last hour; at most ${countOf(most)}.">${bars}</svg>
<ul class="legend">${legend}<li>at most ${countOf(most)} a minute</li></ul>`
}

const SLOTS = 61
const SLOT_WIDTH = 10
const HEIGHT = 100

/** Stacked, from below. */
function barsOf(counts: readonly number[], most: number, slot: number): Html[] {
  let top = HEIGHT
  return counts.map((count, index) => {
    const height = Math.round((100 * HEIGHT * count) / most) / 100
    top -= height
    return height === 0
      ? new Html('')
      : html`<rect class="${SERIES[index]?.css ?? ''}" x="${slot * SLOT_WIDTH}" y="${top.toFixed(2)}" width="${SLOT_WIDTH - 2}" height="${height}"/>`
  })
}

/** Where the name in the metrics says little. */
const SCHEMES: Readonly<Record<string, string>> = {
  unread: 'not read',
  pat: 'personal access token',
  bearer: 'access token of the OP',
  basic: 'password',
  negotiate: 'ticket',
  ntlm: 'NTLM',
  'server-token': 'token of the server',
}

/** Schemes as rows, outcomes as columns. */
export function outcomeTable(growth: Growth): Html {
  const schemes = valuesOf(growth.after, REQUESTS, 'scheme')
  const rows = schemes
    .map(scheme => {
      const counts = ENDS.map(([, outcomes]) =>
        growth.count(REQUESTS, labels => labels.scheme === scheme && endedAs(outcomes)(labels)),
      )
      return { scheme, counts, all: totalOf(counts) }
    })
    .filter(({ all }) => all > 0)
    .sort((one, other) => other.all - one.all)
  if (rows.length === 0) return html`<p>No request yet.</p>`
  const total = ENDS.map((_, index) => totalOf(rows.map(({ counts }) => counts[index] ?? 0)))
  return scrolled(
    'Requests by scheme and outcome',
    tableOf(
      ['scheme', ...ENDS.map(([name]) => name), 'all'],
      [...rows, { scheme: 'all', counts: total, all: totalOf(total) }].map(({ scheme, counts, all }) => [
        SCHEMES[scheme] ?? scheme,
        ...counts.map(countOf),
        countOf(all),
      ]),
    ),
  )
}

export const countRequests = (growth: Growth, outcomes?: readonly Outcome[]): number =>
  growth.count(REQUESTS, outcomes && endedAs(outcomes))

const SHARES = [0.5, 0.95, 0.99]

export function latencyTable(growth: Growth): Html {
  const rows: (readonly [name: string, metric: string, fits?: (labels: Labels) => boolean])[] = [
    ['decision of the policy', 'torhaus_decision_duration_seconds'],
    ['first byte of the server', 'torhaus_upstream_first_byte_seconds'],
    ['whole request, went through', 'torhaus_request_duration_seconds', endedAs(['forwarded'])],
  ]
  const table = tableOf(
    ['', 'half', '95 %', '99 %'],
    rows.map(([name, metric, fits]) => [name, ...SHARES.map(share => secondsOf(growth.quantile(share, metric, fits)))]),
  )
  return scrolled('Latency', table, 'wraps')
}

/** What is known now, by the worker. */
export function workerTable(metrics: Snapshot): Html {
  const of = (worker: string, name: string) => sum(metrics, name, labels => labels.worker === worker)
  const workers = valuesOf(metrics, 'torhaus_worker_answering', 'worker')
  const rows = workers.map(worker => [
    worker,
    of(worker, 'torhaus_worker_answering') === 1 ? 'yes' : html`<span class="bad">no</span>`,
    countOf(of(worker, 'torhaus_worker_requests_total')),
    secondsOf(of(worker, 'torhaus_worker_event_loop_delay_p99_seconds')),
    `${countOf(of(worker, 'torhaus_worker_cpu_seconds_total'))} s`,
    megabytesOf(of(worker, 'torhaus_worker_resident_memory_bytes')),
    `${countOf(of(worker, 'torhaus_worker_open_fds'))} of ${countOf(of(worker, 'torhaus_worker_max_fds'))}`,
  ])
  const columns = ['worker', 'answers', 'requests', 'event loop late', 'processor', 'memory', 'descriptors']
  return scrolled('Workers', tableOf(columns, rows))
}
