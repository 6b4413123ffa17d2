/**
 * Prometheus metrics, technical and functional. Labels come from closed sets: nothing a client sends becomes a label.
 */

import { Registry } from 'prom-client'
import { BoundedMap } from '../bounded-map.ts'
import type { Surroundings } from '../clock.ts'
import type { Code } from '../errors.ts'
import type { KdcSeen } from '../kerberos/kdc/kdc-state.ts'
import { type RefreshOutcome, refreshOutcomes } from '../oidc/session-refresh.ts'
import { Histogram, LabelledCounter, LabelledHistogram } from './counters.ts'
import {
  type GrantEvent,
  grantEvents,
  kdcFailures,
  type OpLogoutChannel,
  type OpLogoutOutcome,
  opLogoutChannels,
  opLogoutOutcomes,
  type PatEvent,
  patEvents,
  type SignInEvent,
  signInEvents,
} from './events.ts'
import type { ExchangeRecord } from './exchange-record.ts'
import type { MetricSources } from './metric-sources.ts'
import { observeSources } from './observed-metrics.ts'
import { collectProcessMetrics } from './process-metrics.ts'

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
/** With series of their own. */
export const MAX_KDCS = 64

export class Metrics {
  readonly registry = new Registry()
  readonly #requests = this.#counter('torhaus_requests_total', 'Exchanges, by outcome.', [
    'scheme',
    'client_class',
    'outcome',
    'code',
  ])
  readonly #statuses = this.#counter('torhaus_responses_total', 'Responses, by status class.', ['status_class'])
  readonly #admissions = this.#counter(
    'torhaus_admissions_total',
    'Exchanges that were admitted, by the policy that admitted them.',
    ['policy'],
  )
  readonly #signIns = this.#counter('torhaus_sign_ins_total', 'Steps of sign-ins at the identity provider.', ['event'])
  readonly #refreshes = this.#counter(
    'torhaus_session_refreshes_total',
    'Refreshes of sessions at the identity provider.',
    ['outcome'],
  )
  readonly #opLogouts = this.#counter('torhaus_op_logouts_total', 'Logouts announced by the identity provider.', [
    'channel',
    'outcome',
  ])
  readonly #grants = this.#counter('torhaus_grants_total', 'Events in the life of second-factor grants.', ['event'])
  readonly #pats = this.#counter('torhaus_pats_total', 'Events in the life of personal access tokens.', ['event'])
  readonly #reportOnly = this.#counter(
    'torhaus_report_only_total',
    'Requests that a report-only rule would have refused.',
    ['rule', 'code'],
  )
  readonly #mismatches = this.#counter(
    'torhaus_binding_mismatches_total',
    'Requests whose session and first factor belonged to two different people.',
    [],
  )
  readonly #rejects = this.#counter('torhaus_rejects_total', 'Connections that ended without a request, by reason.', [
    'code',
  ])
  readonly #bytes = this.#counter('torhaus_content_bytes_total', 'Bytes of content forwarded.', ['direction'])
  readonly #duration: LabelledHistogram
  readonly #decision: Histogram
  readonly #firstByte: Histogram

  readonly #storeErrors = this.#counter(
    'torhaus_store_errors_total',
    'Commands that the store did not answer or refused.',
    [],
  )
  readonly #storeMalformed = this.#counter(
    'torhaus_store_messages_malformed_total',
    'Messages on the channel of the store that were not understood.',
    [],
  )
  readonly #storeDuration = new Histogram(this.registry, {
    name: 'torhaus_store_duration_seconds',
    help: 'Duration of commands to the store.',
    bounds: SECONDS,
  })

  readonly #kdcs = new BoundedMap<string, undefined>(MAX_KDCS)
  readonly #kdcDuration = new LabelledHistogram(
    this.registry,
    {
      name: 'torhaus_kdc_answer_duration_seconds',
      help: 'Time from a request to this KDC to its answer.',
      bounds: SECONDS,
    },
    'kdc',
  )
  readonly #kdcFailures = this.#counter('torhaus_kdc_failures_total', 'Requests that this KDC did not answer.', [
    'kdc',
    'failure',
  ])

  constructor({ monotonic, now }: Pick<Surroundings, 'monotonic' | 'now'>) {
    const withExemplars = (name: string, help: string) => ({ name, help, bounds: SECONDS, now })
    this.#duration = new LabelledHistogram(
      this.registry,
      withExemplars(
        'torhaus_request_duration_seconds',
        'Time from the request head to the end of the response, by outcome.',
      ),
      'outcome',
    )
    this.#decision = new Histogram(
      this.registry,
      withExemplars('torhaus_decision_duration_seconds', 'Time from the request head to the decision of the policy.'),
    )
    this.#firstByte = new Histogram(
      this.registry,
      withExemplars(
        'torhaus_upstream_first_byte_seconds',
        'Time from the decision to the first byte from the upstream.',
      ),
    )
    collectProcessMetrics(this.registry, monotonic)
    this.#beginAtZero()
  }

  /** Registers values that are read at each scrape. */
  observe(sources: MetricSources): void {
    observeSources(this.registry, sources)
  }

  exchange(record: ExchangeRecord, closedAtMs: number): void {
    const { known, outcome, code, decidedAtMs, upstreamFirstByteAtMs } = record
    this.#requests.add(1, known.credentials?.scheme ?? 'unread', known.clientClass ?? 'other', outcome, code ?? 'none')
    if (known.response.headersSent)
      this.#statuses.add(1, STATUS_CLASSES[Math.floor(known.response.statusCode / 100)] ?? 'other')
    if (known.admittedBy !== undefined) this.#admissions.add(1, known.admittedBy)
    if (record.requestBytes > 0) this.#bytes.add(record.requestBytes, 'to_upstream')
    if (record.responseBytes > 0) this.#bytes.add(record.responseBytes, 'to_client')
    // How long people look at a page says nothing about us.
    if (known.response.statusCode !== 101)
      this.#duration.observe(outcome, (closedAtMs - known.arrivedAtMs) / 1000, known, closedAtMs)
    if (decidedAtMs === undefined) return
    this.#decision.observe((decidedAtMs - known.arrivedAtMs) / 1000, known, closedAtMs)
    if (upstreamFirstByteAtMs !== undefined)
      this.#firstByte.observe((upstreamFirstByteAtMs - decidedAtMs) / 1000, known, closedAtMs)
  }

  signIn(event: SignInEvent): void {
    this.#signIns.add(1, event)
  }

  opLogout(channel: OpLogoutChannel, outcome: OpLogoutOutcome): void {
    this.#opLogouts.add(1, channel, outcome)
  }

  grant(event: GrantEvent): void {
    this.#grants.add(1, event)
  }

  pat(event: PatEvent): void {
    this.#pats.add(1, event)
  }

  wouldHaveRefused(rule: string, code: Code): void {
    this.#reportOnly.add(1, rule, code)
  }

  bindingMismatch(): void {
    this.#mismatches.add(1)
  }

  rejected(code: Code): void {
    this.#rejects.add(1, code)
  }

  storeCommand(seconds: number, isAnswered: boolean): void {
    if (isAnswered) this.#storeDuration.observe(seconds)
    else this.#storeErrors.add(1)
  }

  storeMessageMalformed(): void {
    this.#storeMalformed.add(1)
  }

  /** DNS names them, others as years go by: of those that were asked last. */
  kdc({ kdc, seconds, failure }: KdcSeen): void {
    const [gone] = this.#kdcs.set(kdc, undefined) ?? []
    if (gone !== undefined) {
      this.#kdcFailures.forget(gone)
      this.#kdcDuration.forget(gone)
    }
    for (const one of kdcFailures) this.#kdcFailures.add(one === failure ? 1 : 0, kdc, one)
    if (failure === undefined) this.#kdcDuration.observe(kdc, seconds)
  }

  refresh(outcome: RefreshOutcome): void {
    this.#refreshes.add(1, outcome)
  }

  /** A series that begins with its first event shows Prometheus no growth: whoever waits for one event misses it. */
  #beginAtZero(): void {
    for (const counter of [this.#mismatches, this.#storeErrors, this.#storeMalformed]) counter.add(0)
    for (const event of signInEvents) this.#signIns.add(0, event)
    for (const event of grantEvents) this.#grants.add(0, event)
    for (const event of patEvents) this.#pats.add(0, event)
    for (const outcome of refreshOutcomes) this.#refreshes.add(0, outcome)
    for (const channel of opLogoutChannels)
      for (const outcome of opLogoutOutcomes) this.#opLogouts.add(0, channel, outcome)
  }

  #counter<T extends string>(name: string, help: string, labelNames: readonly T[]): LabelledCounter<T> {
    return new LabelledCounter(this.registry, name, help, labelNames)
  }
}

const STATUS_CLASSES = ['', '1xx', '2xx', '3xx', '4xx', '5xx']
