import type { Logger } from 'pino'
import { causeChain } from '../cause-chain.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { OutgoingSpans } from '../observability/outgoing-spans.ts'
import type { StoreReport } from './stores.ts'

/** From then on timeouts are visibly longer or shorter than configured, on one machine or the other. */
const CLOCK_WARNING_MS = 5000

/** What the store tells, for log and metrics. */
export function storeReport(metrics: Metrics, log: Logger, spans: OutgoingSpans | undefined): StoreReport {
  let wasMalformed = false
  let isClockOff = false
  return {
    command(seconds, isAnswered) {
      metrics.storeCommand(seconds, isAnswered)
      spans?.ended('store', seconds, !isAnswered)
    },
    changed(condition, cause) {
      const because = cause instanceof Error ? { 'error.message': causeChain(cause) } : {}
      log.warn({ 'event.action': 'store', 'torhaus.store': condition, ...because })
    },
    clock(differenceMs) {
      const isOff = Math.abs(differenceMs) > CLOCK_WARNING_MS
      // When it begins, and when it is over; not each time.
      if (isOff !== isClockOff)
        log.warn({ 'event.action': 'store-clock', 'torhaus.clock_difference_ms': Math.round(differenceMs) })
      isClockOff = isOff
    },
    malformed() {
      // Once: whoever can write to the channel must not fill the log.
      if (!wasMalformed) log.warn({ 'event.action': 'store-message', 'event.outcome': 'failure' })
      wasMalformed = true
      metrics.storeMessageMalformed()
    },
  }
}
