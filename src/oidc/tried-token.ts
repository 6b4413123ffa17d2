/** What the token of a test sign-in says, and which rules it satisfies. This file does no I/O. */
import type { Config } from '../../config/schema.ts'
import type { Evidence } from '../exchange.ts'
import { judgeSecondFactor } from '../policy/second-factor.ts'
import { ruleFor } from '../policy/step-up.ts'
import type { Claims } from './claims.ts'

/** `sign-in`: an ID token, which becomes a session. `device`: an access token, as git sends it. */
export type TriedKind = 'device' | 'sign-in'

/** What Torhaus makes of a token that it accepts. */
export interface TriedToken {
  readonly kind: TriedKind
  readonly claims: Claims
  readonly evidence: Evidence
  /** Undefined: no account here. */
  readonly account: string | undefined
}

/** As `--json` prints it. What is missing did not come. */
export interface TokenReport {
  readonly from: TriedKind
  readonly token: 'ID token' | 'access token'
  /** Names of all that came. */
  readonly claims: readonly string[]
  readonly account?: string
  readonly acr?: string
  readonly acrs?: readonly string[]
  readonly amr?: readonly string[]
  /** Seconds since the epoch. */
  readonly authTime?: number
  /** No claim proves the factor: `policyGuaranteesFactor` does. */
  readonly byPolicy?: true
  /** Each that asks for a second factor, as if it fitted; `second-factor` is for what none fits. */
  readonly rules: readonly { readonly rule: string; readonly verdict: ReturnType<typeof judgeSecondFactor> }[]
}

export function tokenReport(
  { kind, claims, evidence, account }: TriedToken,
  secondFactor: Config['secondFactor'],
  nowMs: number,
): TokenReport {
  const { acr, acrs, amr, authTime, byPolicy } = evidence
  const asking = secondFactor.rules.filter(({ require }) => require === 'second-factor')
  const usual = { name: 'second-factor', maxAgeSeconds: undefined, acceptAcr: undefined }
  return {
    ...{ from: kind, token: kind === 'device' ? 'access token' : 'ID token', claims: Object.keys(claims) },
    ...(account === undefined ? {} : { account }),
    ...(acr === undefined ? {} : { acr }),
    ...(acrs.length === 0 ? {} : { acrs }),
    ...(amr.length === 0 ? {} : { amr }),
    ...(authTime === undefined ? {} : { authTime }),
    ...(byPolicy === undefined ? {} : { byPolicy }),
    rules: [...asking, usual].map(({ name, maxAgeSeconds, acceptAcr }) => ({
      rule: name,
      verdict: judgeSecondFactor(ruleFor(secondFactor, { maxAgeSeconds, acceptAcr }), evidence, nowMs),
    })),
  }
}
