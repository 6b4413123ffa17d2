/** The place of an exchange in a trace (W3C Trace Context), if spans are recorded. */
import type { TraceContext } from './trace-context.ts'

export interface ExchangeSpan {
  readonly traceId: string
  readonly spanId: string
  /** The span of who sent it, where that is believed. */
  readonly parentId: string | undefined
  /** Id of the span of the request to the origin server, which is sent along. */
  readonly upstreamSpanId: string
  /** Whether what a span tells is recorded, here and further on. */
  readonly isSampled: boolean
}

/** `given`: what a peer says that is believed; undefined: a trace begins here. */
export type BeginSpan = (given: TraceContext | undefined) => ExchangeSpan

const TRACE_ID_BYTES = 16
const SPAN_ID_BYTES = 8

/**
 * `oneIn`: one trace in so many that begin here is recorded, by its id: whoever sees it decides alike. One that began
 * elsewhere is recorded as it says. `newId`: random octets in hexadecimal.
 */
export function spanBeginner(oneIn: number, newId: (bytes: number) => string): BeginSpan {
  return given => {
    const traceId = given?.traceId ?? newId(TRACE_ID_BYTES)
    return {
      traceId,
      spanId: newId(SPAN_ID_BYTES),
      parentId: given?.parentId,
      upstreamSpanId: newId(SPAN_ID_BYTES),
      isSampled: given?.isSampled ?? Number.parseInt(traceId.slice(-8), 16) % oneIn === 0,
    }
  }
}

/** Fields of a request with our place in the trace instead of the client's; what comes with a trace we ended goes. */
export function withTraceparent(fields: readonly string[], span: ExchangeSpan): string[] {
  const { traceId, upstreamSpanId, parentId, isSampled } = span
  const isOurs = (name: string) => /^traceparent$/i.test(name) || (parentId === undefined && /^tracestate$/i.test(name))
  const kept = fields.filter((_, index) => !isOurs(fields[index - (index % 2)] ?? ''))
  kept.push('traceparent', `00-${traceId}-${upstreamSpanId}-${isSampled ? '01' : '00'}`)
  return kept
}
