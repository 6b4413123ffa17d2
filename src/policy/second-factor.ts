import type { Config } from '../../config/schema.ts'
import type { Evidence } from '../exchange.ts'

export type SecondFactorRule = Pick<Config['secondFactor'], 'acceptAcr' | 'acceptAcrs' | 'acceptAmr' | 'maxAgeSeconds'>

/** How far an `auth_time` may lie in the future before it is disbelieved, in seconds: clocks differ. */
const CLOCK_TOLERANCE_S = 60

/**
 * Whether the evidence satisfies the rule: any accepted acr, acrs or amr, and an authentication that is recent enough
 * (OIDC Core 2, `auth_time`). What the OP did not say counts against the person.
 */
export function judgeSecondFactor(
  rule: SecondFactorRule,
  evidence: Evidence,
  nowMs: number,
): 'satisfied' | 'second-factor-missing' | 'second-factor-stale' {
  const proven =
    (evidence.acr !== undefined && rule.acceptAcr.includes(evidence.acr)) ||
    evidence.acrs.some(context => rule.acceptAcrs.includes(context)) ||
    evidence.amr.some(method => rule.acceptAmr.includes(method))
  if (!proven) return 'second-factor-missing'
  const ageSeconds = evidence.authTime === undefined ? Number.POSITIVE_INFINITY : nowMs / 1000 - evidence.authTime
  return ageSeconds > rule.maxAgeSeconds || ageSeconds < -CLOCK_TOLERANCE_S ? 'second-factor-stale' : 'satisfied'
}
