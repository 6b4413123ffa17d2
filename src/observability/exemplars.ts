/**
 * Which exchange stands for a bucket of a histogram, so that what a dashboard shows leads to the log, and to a trace
 * (OpenMetrics 1.0, "Exemplars"). Ids of ours, or of a peer that is believed, whose shape was looked at: nothing that a
 * client chooses. Name and value of both labels have at most 114 characters, of 128 that are allowed.
 */
import type { Clock } from '../clock.ts'
import type { PartialExchange } from '../exchange.ts'
import { traceOf } from './access-values.ts'

/** As prom-client writes it. */
export interface Exemplar {
  readonly labelSet: { readonly request_id?: string; readonly trace_id?: string }
  readonly value: number
  /** Seconds since the epoch. */
  readonly timestamp: number
}

/** Nearly all requests cost one look at the clock of the one before. */
const RENEWED_AFTER_MS = 1000
/** One whose trace is recorded shows more than its id; what is scraped rarely should find it. */
const TRACE_STAYS_MS = 60_000

export class Exemplars {
  readonly #now: Clock
  readonly #kept: { readonly sinceMs: number; readonly isTraced: boolean; readonly exemplar: Exemplar }[] = []

  constructor(now: Clock) {
    this.#now = now
  }

  /** `atMs`: monotonic. */
  offer(bucket: number, value: number, exchange: PartialExchange, atMs: number): void {
    const last = this.#kept[bucket]
    const ageMs = last === undefined ? Number.POSITIVE_INFINITY : atMs - last.sinceMs
    if (ageMs < RENEWED_AFTER_MS) return
    const trace = traceOf(exchange)
    const isTraced = trace?.isSampled === true
    if (last?.isTraced === true && !isTraced && ageMs < TRACE_STAYS_MS) return
    const { requestId } = exchange
    if (requestId === undefined) return
    const labelSet = isTraced ? { trace_id: trace.traceId, request_id: requestId } : { request_id: requestId }
    this.#kept[bucket] = { sinceMs: atMs, isTraced, exemplar: { labelSet, value, timestamp: this.#now() / 1000 } }
  }

  of(bucket: number): Exemplar | undefined {
    return this.#kept[bucket]?.exemplar
  }
}
