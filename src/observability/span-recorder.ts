/**
 * The spans of one exchange: itself, each stage, what OP, KDC and store were asked, and the request to the origin
 * server. Made only where `tracing` asks for it, and kept only where the trace is sampled.
 */
import type { Clock, MonotonicClock } from '../clock.ts'
import type { Decision } from '../decision.ts'
import { errorTable, Fault } from '../errors.ts'
import type { PartialExchange } from '../exchange.ts'
import type { ExchangeRecord, ExchangeTrace } from './exchange-record.ts'
import type { Span } from './otlp-exporter.ts'

export interface SpanParts {
  readonly now: Clock
  readonly monotonic: MonotonicClock
  readonly newSpanId: () => string
  /** Takes all spans of the exchange, once. */
  readonly keep: (spans: readonly Span[]) => void
}

interface Lap {
  readonly name: string
  readonly fromMs: number
  readonly toMs: number
  readonly isFailed: boolean
  readonly kind: 'internal' | 'client'
}

/** Of questions to others: one that is asked again and again must not fill a trace. */
const MAX_ASKED = 50

export class SpanRecorder implements ExchangeTrace {
  readonly #parts: SpanParts
  readonly #laps: Lap[] = []
  #asked = 0
  /** What the monotonic clock lacks to be a date. */
  readonly #epochMs: number
  #lastMs: number

  constructor(parts: SpanParts) {
    this.#parts = parts
    this.#lastMs = parts.monotonic()
    this.#epochMs = parts.now() - this.#lastMs
  }

  onDecision(stage: string, _known: PartialExchange, decision: Decision<unknown> | Fault): void {
    const toMs = this.#parts.monotonic()
    this.#laps.push({ name: stage, fromMs: this.#lastMs, toMs, isFailed: decision instanceof Fault, kind: 'internal' })
    this.#lastMs = toMs
  }

  onAsked(what: string, seconds: number, isFailed: boolean): void {
    if (this.#asked++ >= MAX_ASKED) return
    const toMs = this.#parts.monotonic()
    this.#laps.push({ name: what, fromMs: toMs - seconds * 1000, toMs, isFailed, kind: 'client' })
  }

  conclude(record: ExchangeRecord, closedAtMs: number): void {
    const { span } = record.known
    if (span === undefined || !span.isSampled) return
    const { traceId, spanId, parentId } = span
    const of = { traceId, parentId: spanId }
    const spans: Span[] = this.#laps.map(({ name, fromMs, toMs, isFailed, kind }) => ({
      ...{ ...of, name, isFailed, kind, spanId: this.#parts.newSpanId(), attributes: {} },
      ...this.#between(fromMs, toMs),
    }))
    const upstream = this.#upstreamSpan(record, closedAtMs)
    if (upstream !== undefined) spans.push({ ...of, ...upstream, spanId: span.upstreamSpanId })
    const root: Span = {
      ...{ traceId, spanId, parentId, name: methodOf(record), kind: 'server' },
      ...{ isFailed: record.outcome === 'failed', attributes: attributesOf(record) },
      ...this.#between(record.known.arrivedAtMs, closedAtMs),
    }
    this.#parts.keep([root, ...spans])
  }

  #upstreamSpan(record: ExchangeRecord, closedAtMs: number): Omit<Span, 'traceId' | 'spanId' | 'parentId'> | undefined {
    const { decidedAtMs, upstreamFirstByteAtMs, stage } = record
    if (decidedAtMs === undefined || stage !== 'forward') return undefined
    const firstByteMs =
      upstreamFirstByteAtMs === undefined ? undefined : Math.round(upstreamFirstByteAtMs - decidedAtMs)
    return {
      ...{ name: `${methodOf(record)} upstream`, kind: 'client', isFailed: record.outcome === 'failed' },
      attributes: { 'torhaus.upstream_first_byte_ms': firstByteMs },
      ...this.#between(decidedAtMs, closedAtMs),
    }
  }

  #between(fromMs: number, toMs: number): Pick<Span, 'startMs' | 'endMs'> {
    return { startMs: this.#epochMs + fromMs, endMs: this.#epochMs + toMs }
  }
}

/** A name is one of a few: a client may send any method. */
const methodOf = ({ known }: ExchangeRecord) =>
  /^(GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|PROPFIND|REPORT)$/.test(known.request.method ?? '')
    ? (known.request.method ?? 'HTTP')
    : 'HTTP'

/** What the access record has, without the person. */
function attributesOf({ known, outcome, code }: ExchangeRecord): Span['attributes'] {
  const { request, response } = known
  return {
    'http.request.method': request.method,
    'http.response.status_code': response.headersSent ? response.statusCode : code && errorTable[code].status,
    'http.request.id': known.requestId,
    'url.path': known.target?.path,
    'client.address': known.clientAddress,
    'torhaus.scheme': known.credentials?.scheme,
    'torhaus.client_class': known.clientClass,
    'torhaus.outcome': outcome,
    'torhaus.code': code,
  }
}
