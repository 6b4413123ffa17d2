import { providersOf } from '../../config/providers.ts'
import type { Config } from '../../config/schema.ts'
import type { Evidence } from '../exchange.ts'

export type SecondFactorRule = Pick<
  Config['secondFactor'],
  'acceptAcr' | 'acceptAcrs' | 'acceptAmr' | 'maxAgeSeconds'
> & {
  /** Tickets that prove two factors; absent: none does. */
  readonly acceptTicket?: Config['secondFactor']['acceptTicket']
  /** It sets an age or an acr of its own, or no OP has such a policy: only what the OP itself says of a sign-in proves that. */
  readonly refusesPolicy?: boolean
}

export type SecondFactorSettings = Config['secondFactor'] & Pick<SecondFactorRule, 'refusesPolicy'>

/** By the current configuration: proof by policy is only valid while some OP is configured to have such a policy. */
export const secondFactorSettings = (
  config: Pick<Config, 'oidc' | 'providers' | 'secondFactor'>,
): SecondFactorSettings => ({
  ...config.secondFactor,
  refusesPolicy: providersOf(config).every(({ settings }) => settings.policyGuaranteesFactor === undefined),
})

/** How far an `auth_time` may lie in the future before it is disbelieved, in seconds: clocks differ. */
const CLOCK_TOLERANCE_S = 60

/**
 * Whether the evidence satisfies the rule: any accepted acr, acrs, amr or ticket, and an authentication recent enough
 * (OIDC Core 2, `auth_time`). What the OP did not say counts against the person.
 */
export function judgeSecondFactor(
  rule: SecondFactorRule,
  evidence: Evidence,
  nowMs: number,
): 'satisfied' | 'second-factor-missing' | 'second-factor-stale' {
  const isProven =
    provesFactor(rule, evidence) ||
    provesByTicket(rule, evidence) ||
    (evidence.byPolicy === true && rule.refusesPolicy !== true)
  if (!isProven) return 'second-factor-missing'
  const ageSeconds = evidence.authTime === undefined ? Number.POSITIVE_INFINITY : nowMs / 1000 - evidence.authTime
  return ageSeconds > rule.maxAgeSeconds || ageSeconds < -CLOCK_TOLERANCE_S ? 'second-factor-stale' : 'satisfied'
}

/** Whether a Kerberos ticket shows a second factor, whenever that was. */
function provesByTicket({ acceptTicket }: Pick<SecondFactorRule, 'acceptTicket'>, { ticket }: Evidence): boolean {
  if (acceptTicket === undefined || ticket === undefined) return false
  const { indicators, sids } = acceptTicket
  return ticket.indicators.some(one => indicators.includes(one)) || ticket.sids.some(one => sids.includes(one))
}

/** Whether the OP itself says that there was a second factor, whenever that was. */
export function provesFactor(
  { acceptAcr, acceptAcrs, acceptAmr }: Omit<SecondFactorRule, 'maxAgeSeconds'>,
  { acr, acrs, amr }: Evidence,
): boolean {
  return (
    (acr !== undefined && acceptAcr.includes(acr)) ||
    acrs.some(context => acceptAcrs.includes(context)) ||
    amr.some(method => acceptAmr.includes(method))
  )
}
