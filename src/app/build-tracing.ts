/**
 * The observers of each exchange: decision traces for the log or the operator's page, spans for a collector, both or
 * neither.
 */
import { randomBytes } from 'node:crypto'
import type { Config } from '../../config/schema.ts'
import { causeChain } from '../cause-chain.ts'
import type { MonotonicClock } from '../clock.ts'
import { type BeginSpan, spanBeginner } from '../http/exchange-span.ts'
import { type DecisionTrace, type KeepTrace, TraceRecorder, traceLog } from '../observability/decision-trace.ts'
import type { ExchangeRecord, ExchangeTrace } from '../observability/exchange-record.ts'
import { OtlpExporter } from '../observability/otlp-exporter.ts'
import type { RecentExchanges } from '../observability/recent-exchanges.ts'
import { SpanRecorder } from '../observability/span-recorder.ts'
import type { Services } from './open-services.ts'

export interface Tracing {
  /** Undefined: no exchange is traced. */
  readonly newTrace: NewTrace | undefined
  /** Undefined: no spans. */
  readonly beginSpan: BeginSpan | undefined
}

/** Returns undefined if this exchange is not traced. */
type NewTrace = () => ExchangeTrace | undefined

const randomHex = (bytes: number) => randomBytes(bytes).toString('hex')

/** `recent` also receives each trace; undefined without an operator's page. */
export function buildTracing(
  services: Pick<Services, 'config' | 'log' | 'now'>,
  recent: RecentExchanges | undefined,
  monotonic: MonotonicClock,
  opened: AsyncDisposableStack,
): Tracing {
  const { logging, admin, tracing } = services.config
  const keepers = [
    ...(logging.trace ? [traceLog(services.log)] : []),
    ...(recent === undefined ? [] : [(trace: DecisionTrace, record: ExchangeRecord) => recent.traced(record, trace)]),
  ]
  const keep: KeepTrace = (trace, record) => {
    for (const take of keepers) take(trace, record)
  }
  const inWords = () => new TraceRecorder(monotonic, keep)
  const { traceOneIn } = admin
  const makers: NewTrace[] = []
  if (logging.trace) makers.push(inWords)
  else if (recent !== undefined && traceOneIn > 0) makers.push(oneIn(traceOneIn, inWords))
  if (tracing !== undefined) makers.push(forCollector(tracing, services, monotonic, opened))
  return {
    newTrace: makers.length < 2 ? makers[0] : () => together(makers.flatMap(make => make() ?? [])),
    beginSpan: tracing && spanBeginner(tracing.sampleOneIn, randomHex),
  }
}

function forCollector(
  { otlpUrl }: NonNullable<Config['tracing']>,
  { log, now }: Pick<Services, 'log' | 'now'>,
  monotonic: MonotonicClock,
  opened: AsyncDisposableStack,
): NewTrace {
  const exporter = opened.use(
    new OtlpExporter({
      ...{ url: otlpUrl, send: fetch },
      onError: error => log.warn({ 'event.action': 'trace-export', 'error.message': causeChain(error) }),
    }),
  )
  const keep = exporter.add.bind(exporter)
  const newSpanId = () => randomHex(8)
  return () => new SpanRecorder({ now, monotonic, newSpanId, keep })
}

/** Traces the first exchange, and then one in `many`. */
function oneIn(many: number, make: NewTrace): NewTrace {
  let seen = 0
  return () => (seen++ % many === 0 ? make() : undefined)
}

function together(traces: readonly ExchangeTrace[]): ExchangeTrace | undefined {
  if (traces.length < 2) return traces[0]
  return {
    onDecision(stage, known, decision) {
      for (const trace of traces) trace.onDecision(stage, known, decision)
    },
    onAsked(what, seconds, isFailed) {
      for (const trace of traces) trace.onAsked?.(what, seconds, isFailed)
    },
    conclude(record, closedAtMs) {
      for (const trace of traces) trace.conclude(record, closedAtMs)
    },
  }
}
