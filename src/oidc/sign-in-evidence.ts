import type { ProviderSettings } from '../../config/schema.ts'
import type { Evidence } from '../exchange.ts'
import { provesFactor, type SecondFactorRule } from '../policy/second-factor.ts'
import { type Claims, evidenceFrom, notAhead } from './claims.ts'

type Settings = Pick<
  ProviderSettings,
  'authTimeFromSignIn' | 'clockToleranceSeconds' | 'idToken' | 'policyGuaranteesFactor'
>

/**
 * How a person signed in, according to the ID token and, if configured, to what is known without it: that the OP
 * requires a second factor from everyone, or that it authenticated the person again. `askedAnewAtMs`: when it was asked
 * to (`prompt=login`).
 */
export function signInEvidence(
  { authTimeFromSignIn, clockToleranceSeconds, idToken, policyGuaranteesFactor }: Settings,
  rule: SecondFactorRule,
  claims: Claims,
  askedAnewAtMs: number | undefined,
  nowMs: number,
): Evidence {
  const said = notAhead(evidenceFrom(claims, idToken), clockToleranceSeconds, nowMs)
  const isSilent = said.authTime === undefined || said.authTime === 0
  const isFromSignIn = isSilent && authTimeFromSignIn !== undefined && askedAnewAtMs !== undefined
  const evidence = isFromSignIn ? { ...said, authTime: Math.floor(askedAnewAtMs / 1000) } : said
  if (policyGuaranteesFactor === undefined || provesFactor(rule, evidence)) return evidence
  return { ...evidence, byPolicy: true }
}
