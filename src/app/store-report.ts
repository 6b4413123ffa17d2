import type { Logger } from 'pino'
import { causeChain } from '../cause-chain.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { OutgoingSpans } from '../observability/outgoing-spans.ts'
import type { StoreReport } from './stores.ts'

/** Beyond this, timeouts are noticeably longer or shorter than configured on one of the machines. */
const CLOCK_WARNING_MS = 5000

/** Reports events of the store to log and metrics. */
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
      // Reported at the beginning and the end, not each time.
      if (isOff !== isClockOff)
        log.warn({ 'event.action': 'store-clock', 'torhaus.clock_difference_ms': Math.round(differenceMs) })
      isClockOff = isOff
    },
    malformed() {
      // Once: a writer to the channel must not be able to fill the log.
      if (!wasMalformed) log.warn({ 'event.action': 'store-message', 'event.outcome': 'failure' })
      wasMalformed = true
      metrics.storeMessageMalformed()
    },
  }
}
