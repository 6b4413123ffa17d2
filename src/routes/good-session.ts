/** Whether the browser has a session that satisfies the request. */

import type { Clock } from '../clock.ts'
import type { StepUp } from '../decision.ts'
import { Fault } from '../errors.ts'
import type { Evidence, Traced } from '../exchange.ts'
import { judgeSecondFactor, type SecondFactorRule } from '../policy/second-factor.ts'
import { evidenceNow } from '../session/evidence-now.ts'
import { type CurrentSessionParts, currentSession } from './current-session.ts'

export interface GoodSessionParts extends CurrentSessionParts {
  readonly rule: SecondFactorRule
  readonly now: Clock
}

const MIN_MAX_AGE_S = 10
const MAX_ACR_LENGTH = 2048
const MAX_ACR_VALUES = 50

/**
 * What this sign-in must prove beyond the usual. The query may come from anybody, so it can only raise the
 * requirement.
 */
export function stepUpFrom(query: URLSearchParams, { maxAgeSeconds }: SecondFactorRule): StepUp {
  const asked = query.get('max_age') ?? ''
  const acrText = query.get('acr_values') ?? ''
  // Stored for each sign-in that anybody begins, so it is bounded. Truncated, it would mean something else.
  if (acrText.length > MAX_ACR_LENGTH) throw new Fault('sign-in-malformed')
  const acrValues = acrText.split(' ').filter(Boolean)
  if (acrValues.length > MAX_ACR_VALUES) throw new Fault('sign-in-malformed')
  return {
    maxAgeSeconds: /^\d{1,9}$/.test(asked)
      ? Math.max(MIN_MAX_AGE_S, Math.min(maxAgeSeconds, Number(asked)))
      : maxAgeSeconds,
    acceptAcr: acrValues.length === 0 ? undefined : acrValues,
  }
}

/** `usualAgeSeconds`: a shorter maximum age than this was set by a rule. */
export function judge(
  { rule, now }: Pick<GoodSessionParts, 'now' | 'rule'>,
  { maxAgeSeconds, acceptAcr }: StepUp,
  evidence: Evidence,
  usualAgeSeconds = rule.maxAgeSeconds,
) {
  const isAsked = acceptAcr?.some(acr => acr === evidence.acr || evidence.acrs.includes(acr)) ?? true
  const refusesPolicy = rule.refusesPolicy === true || acceptAcr !== undefined || maxAgeSeconds < usualAgeSeconds
  return isAsked
    ? judgeSecondFactor({ ...rule, maxAgeSeconds, refusesPolicy }, evidence, now())
    : 'second-factor-missing'
}

export async function hasGoodSession(parts: GoodSessionParts, exchange: Traced, stepUp: StepUp): Promise<boolean> {
  const session = await currentSession(exchange, parts)
  return session !== undefined && judge(parts, stepUp, evidenceNow(session.record, parts.now())) === 'satisfied'
}
