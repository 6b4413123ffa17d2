import type { AccountKeyOf } from '../account-key.ts'
import { judgeSecondFactor, type SecondFactorRule } from '../policy/second-factor.ts'
import type { SessionRecord } from '../session/session-store.ts'
import { type Claims, evidenceFrom } from './claims.ts'
import type { Op } from './ops.ts'

/**
 * What the OP says otherwise now, at a refresh, so that the session must end: the person has another account, or the
 * sign-in counts no more as what it was. Undefined: nothing. Tokens that are silent say nothing otherwise (OIDC Core
 * 12.2 asks for few claims); one that speaks of the sign-in and leaves the factor out does.
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
    return `the account is ${JSON.stringify(named)} now, and was ${JSON.stringify(account)}`
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
