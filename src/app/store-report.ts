import type { Logger } from 'pino'
import { causeChain } from '../cause-chain.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { StoreReport } from './stores.ts'

/** What the store tells, for log and metrics. */
export function storeReport(metrics: Metrics, log: Logger): StoreReport {
  let wasMalformed = false
  return {
    command: (seconds, isAnswered) => metrics.storeCommand(seconds, isAnswered),
    changed(condition, cause) {
      const because = cause instanceof Error ? { 'error.message': causeChain(cause) } : {}
      log.warn({ 'event.action': 'store', 'torhaus.store': condition, ...because })
    },
    malformed() {
      // Once: whoever can write to the channel must not fill the log.
      if (!wasMalformed) log.warn({ 'event.action': 'store-message', 'event.outcome': 'failure' })
      wasMalformed = true
      metrics.storeMessageMalformed()
    },
  }
}
