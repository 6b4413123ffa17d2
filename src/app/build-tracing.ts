/** Who looks on at each exchange: decision traces for the log, spans for a collector, both or nobody. */
import { randomBytes } from 'node:crypto'
import { causeChain } from '../cause-chain.ts'
import type { MonotonicClock } from '../clock.ts'
import { type BeginSpan, spanBeginner } from '../http/exchange-span.ts'
import { TraceRecorder, traceLog } from '../observability/decision-trace.ts'
import type { ExchangeTrace } from '../observability/exchange-record.ts'
import { OtlpExporter } from '../observability/otlp-exporter.ts'
import { SpanRecorder } from '../observability/span-recorder.ts'
import type { Services } from './open-services.ts'

export interface Tracing {
  /** Undefined: nobody looks on. */
  readonly newTrace: (() => ExchangeTrace) | undefined
  /** Undefined: no spans. */
  readonly beginSpan: BeginSpan | undefined
}

const randomHex = (bytes: number) => randomBytes(bytes).toString('hex')

export function buildTracing(
  { config, log, now }: Pick<Services, 'config' | 'log' | 'now'>,
  monotonic: MonotonicClock,
  opened: AsyncDisposableStack,
): Tracing {
  const writeTrace = traceLog(log)
  const forLog = config.logging.trace ? () => new TraceRecorder(monotonic, writeTrace) : undefined
  const { tracing } = config
  if (tracing === undefined) return { newTrace: forLog, beginSpan: undefined }
  const exporter = opened.use(
    new OtlpExporter({
      ...{ url: tracing.otlpUrl, send: fetch },
      onError: error => log.warn({ 'event.action': 'trace-export', 'error.message': causeChain(error) }),
    }),
  )
  const keep = exporter.add.bind(exporter)
  const newSpanId = () => randomHex(8)
  const forCollector = () => new SpanRecorder({ now, monotonic, newSpanId, keep })
  return {
    newTrace: forLog === undefined ? forCollector : () => both(forLog(), forCollector()),
    beginSpan: spanBeginner(tracing.sampleOneIn, randomHex),
  }
}

const both = (one: ExchangeTrace, other: ExchangeTrace): ExchangeTrace => ({
  onDecision(stage, known, decision) {
    one.onDecision(stage, known, decision)
    other.onDecision(stage, known, decision)
  },
  conclude(record, closedAtMs) {
    one.conclude(record, closedAtMs)
    other.conclude(record, closedAtMs)
  },
})
