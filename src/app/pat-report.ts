import type { Logger } from 'pino'
import { causeChain } from '../cause-chain.ts'
import { toFault } from '../errors.ts'
import type { Audit } from '../observability/audit.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { PatWatchParts } from '../pats/pat-watch.ts'

/** Named in log and metrics where a rule would be. */
const RULE = 'pat-policy'

export type PatReport = Pick<PatWatchParts, 'judged' | 'learned' | 'failed'>

/** What the watch finds, told to audit log and metrics. */
export function patReport(metrics: Metrics, audit: Audit, log: Logger): PatReport {
  return {
    judged(exchange, code, use, isEnforced) {
      metrics.pat(isEnforced ? 'refused' : 'would_refuse')
      if (isEnforced) return audit.write('pat-refused', exchange, { ...use, code })
      metrics.wouldHaveRefused(RULE, code)
      audit.write('would-have-refused', exchange, { ...use, code, rule: RULE })
    },
    learned(exchange, news, use) {
      metrics.pat(news)
      audit.write(news === 'first_seen' ? 'pat-first-seen' : 'pat-new-network', exchange, use)
    },
    failed: error => log.warn({ 'event.action': 'pat-flush', 'error.message': causeChain(toFault(error)) }),
  }
}
