import { deny, type Refusal, type StepUp } from '../decision.ts'
import type { Code } from '../errors.ts'
import type { Authenticated } from '../exchange.ts'
import type { Requirement } from './rules.ts'
import type { SecondFactorRule } from './second-factor.ts'

/** The part of a rule about the authentication; the general configuration applies to what it leaves open. */
export type RuleStepUp = Pick<Requirement, 'maxAgeSeconds' | 'acceptAcr'>

export const stepUpOf = (settings: SecondFactorRule, { maxAgeSeconds, acceptAcr }: RuleStepUp): StepUp => ({
  maxAgeSeconds: maxAgeSeconds ?? settings.maxAgeSeconds,
  acceptAcr,
})

/** What the sign-in must prove beyond the usual. */
export function stepUpBeyondUsual(settings: SecondFactorRule, rule: RuleStepUp): StepUp | undefined {
  const isUsual = rule.maxAgeSeconds === undefined && rule.acceptAcr === undefined
  return isUsual ? undefined : stepUpOf(settings, rule)
}

/** For what a browser sends that navigates nowhere: its page says how a person comes by what is missing, and sends it again. */
export const denyUntil = ({ credentials }: Authenticated, code: Code, stepUp: StepUp): Refusal =>
  deny(code, credentials.scheme === 'session' ? { stepUp } : undefined)

/** The measure of a second factor under a rule. */
export function ruleFor(settings: SecondFactorRule, { maxAgeSeconds, acceptAcr }: RuleStepUp): SecondFactorRule {
  if (maxAgeSeconds === undefined && acceptAcr === undefined) return settings
  const { acceptAcrs, acceptAmr, acceptTicket } = settings
  return {
    maxAgeSeconds: maxAgeSeconds ?? settings.maxAgeSeconds,
    refusesPolicy: true,
    ...(acceptAcr === undefined
      ? { acceptAcr: settings.acceptAcr, acceptAcrs, acceptAmr, ...(acceptTicket && { acceptTicket }) }
      : { acceptAcr, acceptAcrs: acceptAcr, acceptAmr: [] }),
  }
}
