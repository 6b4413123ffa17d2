import { linearPattern } from '../../config/linear-pattern.ts'
import type { Config } from '../../config/schema.ts'
import { inLetterCase } from '../ascii-case.ts'
import type { Awaitable } from '../awaitable.ts'
import { isStable } from '../identity/stable-account.ts'
import { type Claims, claimAt } from './claims.ts'

/** Undefined if the person has no account. May ask the directory, and throws if that does not answer. */
export type AccountMapper = (claims: Claims) => Awaitable<string | undefined>

/**
 * Makes accounts from claims as configured, so that two people never get one account. Undefined where a claim is
 * missing or cannot be part of an account, or the whole does not match the pattern: such a person has no account.
 */
export function accountMapper({ template, pattern, case: letterCase }: Config['account']) {
  const whole = linearPattern(pattern, { matches: 'whole' })
  const forbidden = separatorsIn(template)
  return (claims: Claims): string | undefined => {
    let isComplete = true
    const filled = template.replace(CLAIM, (_, name: string) => {
      const part = partOf(claimAt(claims, name))
      isComplete &&= part !== '' && ![...part].some(character => forbidden.has(character))
      return part
    })
    const groups = isComplete ? whole.groups(filled) : undefined
    if (groups === undefined) return undefined
    const account = groups.account ?? filled
    return isStable(account) ? inLetterCase(account, letterCase) : undefined
  }
}

/** `template`: of the kind of token, where it has one of its own. */
export const accountMapperFor = (account: Config['account'], template: string | undefined) =>
  accountMapper(template === undefined ? account : { ...account, template })

/** Names of the claims of that template which did not come. */
export const missingClaims = (template: string, claims: Claims): string[] =>
  [...template.matchAll(CLAIM)].flatMap(([, name = '']) => (claimAt(claims, name) === undefined ? [name] : []))

const CLAIM = /\{([^}]+)\}/g

/** Between a domain and an account, in one notation or another. */
const DOMAIN_SEPARATORS = /[\\@/]/

/**
 * Characters that no claim may contain: with `CORP\{sam}`, an account of another domain would look like one here, and
 * with `{first}.{last}`, the claims `a.b` and `c` would give the account of `a` and `b.c`.
 */
function separatorsIn(template: string): ReadonlySet<string> {
  // The names of claims stand at the odd places.
  const literals = template.split(CLAIM).filter((_, index) => index % 2 === 0)
  const between = [...literals.slice(1, -1).join('')]
  return new Set(literals.some(text => DOMAIN_SEPARATORS.test(text)) ? [...between, '\\', '@', '/'] : between)
}

/**
 * Empty if the claim is missing or cannot be part of an account. A number that JSON has rounded may be somebody
 * else's.
 */
function partOf(claim: unknown): string {
  if (typeof claim === 'number') return Number.isSafeInteger(claim) ? String(claim) : ''
  return typeof claim === 'string' && claim.trim() === claim ? claim : ''
}
