import type { Logger } from 'pino'
import { causeChain } from '../cause-chain.ts'
import { toFault } from '../errors.ts'
import type { Audit } from '../observability/audit.ts'
import type { PatProofEvent } from '../observability/events.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { ConfirmPatParts } from '../pats/confirm-pat.ts'
import type { PatProofParts, PatVerdict } from '../pats/pat-proof.ts'
import type { PatWatchParts } from '../pats/pat-watch.ts'
import type { ProvePatParts } from '../pats/prove-pat.ts'

/** Takes the place of a rule's name in log and metrics. */
const RULE = 'pat-policy'

export type PatReport = Pick<PatWatchParts, 'learned' | 'failed'> &
  Pick<ConfirmPatParts, 'asked'> & {
    judged(...use: Parameters<PatWatchParts['judged'] | ConfirmPatParts['judged']>): void
  }

/** Reports findings about tokens to audit log and metrics. */
export function patReport(metrics: Metrics, audit: Audit, log: Logger): PatReport {
  return {
    judged(exchange, code, use, isEnforced) {
      metrics.pat(isEnforced ? 'refused' : 'would_refuse')
      if (isEnforced) return audit.write('pat-refused', exchange, { ...use, code })
      metrics.wouldHaveRefused(RULE, code)
      audit.write('would-have-refused', exchange, { ...use, code, rule: RULE })
    },
    asked(exchange, use) {
      metrics.pat('asked')
      audit.write('second-factor-asked', exchange, { ...use, code: 'pat-unconfirmed' })
    },
    learned(exchange, news, use) {
      metrics.pat(news)
      audit.write(news === 'first_seen' ? 'pat-first-seen' : 'pat-new-network', exchange, use)
    },
    failed: error => log.warn({ 'event.action': 'pat-flush', 'error.message': causeChain(toFault(error)) }),
  }
}

const PROOF_RULE = 'pat-proof'

const EVENTS = {
  proven: 'proven',
  refused: 'proof_refused',
  'let-pass': 'proof_let_pass',
  limited: 'proof_limited',
  away: 'proof_away',
} as const satisfies Record<PatVerdict['kind'], PatProofEvent>

/** Reports the origin server's answers about tokens, once per question, and each use that passes unproven. */
export function patProofReport(
  metrics: Metrics,
  audit: Audit,
): Pick<PatProofParts, 'concluded'> & Pick<ProvePatParts, 'report' | 'limited'> {
  return {
    concluded(asker, verdict, pat) {
      metrics.pat(EVENTS[verdict.kind])
      if (verdict.kind === 'proven')
        return audit.write('pat-proven', asker, { pat, account: verdict.principal.owner?.account })
      if (verdict.kind === 'refused') return audit.write('pat-unproven', asker, { pat, code: verdict.code })
      if (verdict.kind === 'let-pass')
        audit.write('would-have-refused', asker, { pat, code: verdict.code, rule: PROOF_RULE })
    },
    report: (_, code) => metrics.wouldHaveRefused(PROOF_RULE, code),
    limited: () => metrics.pat('proof_limited'),
  }
}
