import type { Logger } from 'pino'
import { toFault } from '../errors.ts'
import { causeChain } from '../observability/access-log.ts'
import type { Audit } from '../observability/audit.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { PatWatchParts } from '../pats/pat-watch.ts'

/** Named in log and metrics where a rule would be. */
const RULE = 'pat-policy'

export type PatReport = Pick<PatWatchParts, 'judged' | 'noted' | 'failed'>

/** What the watch finds, told to audit log and metrics. */
export function patReport(metrics: Metrics, audit: Audit, log: Logger): PatReport {
  return {
    judged(exchange, code, sight, isEnforced) {
      metrics.pat(isEnforced ? 'refused' : 'would_refuse')
      if (isEnforced) return audit.write('pat-refused', exchange, { ...sight, code })
      metrics.wouldHaveRefused(RULE, code)
      audit.write('would-have-refused', exchange, { ...sight, code, rule: RULE })
    },
    noted(exchange, news, sight) {
      metrics.pat(news)
      audit.write(news === 'first_seen' ? 'pat-first-seen' : 'pat-new-network', exchange, sight)
    },
    failed: error => log.warn({ 'event.action': 'pat-flush', 'error.message': causeChain(toFault(error)) }),
  }
}
