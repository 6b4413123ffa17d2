import { linearPattern } from '../../config/linear-pattern.ts'
import type { Config } from '../../config/schema.ts'
import type { Claims } from './claims.ts'

export type AccountMapper = (claims: Claims) => string | undefined

/**
 * Makes accounts from claims as configured. Undefined where a claim is missing, is no text or number, or the whole does
 * not match the pattern: such a person has no account.
 */
export function accountMapper({ template, pattern, case: letterCase }: Config['account']): AccountMapper {
  const whole = linearPattern(pattern, { matches: 'whole' })
  return claims => {
    let complete = true
    const filled = template.replace(/\{([^}]+)\}/g, (_, name: string) => {
      const value = claims[name]
      const usable = (typeof value === 'string' && value !== '') || typeof value === 'number'
      complete &&= usable
      return usable ? String(value) : ''
    })
    const groups = complete ? whole.groups(filled) : undefined
    if (groups === undefined) return undefined
    const account = groups.account ?? filled
    if (CONTROL.test(account)) return undefined
    return letterCase === 'keep' ? account : letterCase === 'lower' ? account.toLowerCase() : account.toUpperCase()
  }
}

// Whatever the pattern allows: an account becomes part of a field, where control characters have no place (RFC 9110 5.5).
const CONTROL = /[\x00-\x1f\x7f]/
