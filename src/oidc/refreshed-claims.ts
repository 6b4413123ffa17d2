import type { AccountKeyOf } from '../account-key.ts'
import { judgeSecondFactor, type SecondFactorRule } from '../policy/second-factor.ts'
import type { SessionRecord } from '../session/session-store.ts'
import { type Claims, evidenceFrom } from './claims.ts'
import type { Op } from './ops.ts'

/**
 * Why a session must end after a refresh: the person has another account now, or the sign-in no longer proves what it
 * did. Undefined if nothing changed. A missing claim is not a change (OIDC Core 12.2 requires few claims), except that
 * a token which describes the sign-in but leaves out the factor is one.
 */
export async function changedAtOp(
  { mapAccount, settings }: Op,
  claims: Claims,
  { account, accountKey, evidence }: SessionRecord,
  rule: SecondFactorRule,
  accountKeyOf: AccountKeyOf,
): Promise<string | undefined> {
  // A directory that does not answer says nothing otherwise; the next one to ask it is the request that needs it.
  const named = await Promise.try(mapAccount, claims).catch(() => undefined)
  if (named !== undefined && accountKeyOf(named) !== accountKey)
    return `the account is now ${JSON.stringify(named)}, but was ${JSON.stringify(account)}`
  const { acr, acrs, amr, authTime } = evidenceFrom(claims, settings.idToken)
  const isSilent = acr === undefined && acrs.length === 0 && amr.length === 0 && authTime === undefined
  if (isSilent || evidence.byPolicy || authTime === 0) return undefined
  // When somebody signed in stays what it was; whether it was with a second factor is what counts here.
  const now = { ...evidence, acr, acrs, amr }
  const whenMs = (evidence.authTime ?? 0) * 1000
  if (judgeSecondFactor(rule, now, whenMs) === 'satisfied') return undefined
  return judgeSecondFactor(rule, evidence, whenMs) === 'satisfied'
    ? `the second factor is gone: acr=${JSON.stringify(acr ?? 'missing')}, amr=${JSON.stringify(amr)}, acrs=${JSON.stringify(acrs)}`
    : undefined
}
