/** Whether somebody is signed in already, and well enough for what is asked. */

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
 * What this sign-in must prove beyond what every one must. It comes in the query, from anybody: so it can only ask for
 * more.
 */
export function stepUpFrom(query: URLSearchParams, { maxAgeSeconds }: SecondFactorRule): StepUp {
  const asked = query.get('max_age') ?? ''
  const acrText = query.get('acr_values') ?? ''
  // It is stored for each sign-in that anybody begins. Cut short, it would ask for something else.
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

/** `usualAgeSeconds`: less was set by a rule. */
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
