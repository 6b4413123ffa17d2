import type { StepUp } from '../decision.ts'
import type { Requirement } from './rules.ts'
import type { SecondFactorRule } from './second-factor.ts'

/** The part of a rule about the authentication; what it leaves open is as configured for everybody. */
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
