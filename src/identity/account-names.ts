/**
 * What one account may be called, without a directory to ask: `carol`, `CORP\carol`, `corp.example\carol` and
 * `carol@corp.example` are one person where the configuration says that CORP and corp.example are the domain of its
 * accounts. A name of any other domain stays apart from all of them.
 */
import type { Config } from '../../config/schema.ts'
import { asciiLower, inLetterCase } from '../ascii-case.ts'

export interface DomainSettings extends Pick<Config['account'], 'template' | 'pattern' | 'case' | 'domains'> {}

export interface DomainNames {
  readonly domains: readonly string[]
  /** The account without its domain, in its original letter case; undefined: not an account of that domain. */
  userOf(account: string): string | undefined
  /** The single spelling, as the template writes it, so that stored records are found. */
  canonical(account: string): string
}

export function domainNames(settings: DomainSettings): DomainNames {
  const { prefix, suffix } = templateForm(settings)
  const letterCase = settings.case === 'upper' ? 'upper' : 'lower'
  const ofTemplate = [prefix.slice(0, -1), suffix.slice(1)].filter(name => name !== '')
  const domains = [...new Set([...settings.domains, ...ofTemplate])]
  const known = new Set(domains.map(asciiLower))
  const userOf = (account: string) => {
    const { user, domain } = split(account)
    if (user === '' || SEPARATORS.test(user)) return undefined
    return domain === undefined || known.has(asciiLower(domain)) ? user : undefined
  }
  return {
    domains,
    userOf,
    canonical(account) {
      const user = userOf(account)
      return user === undefined
        ? inLetterCase(account, letterCase)
        : `${inLetterCase(prefix, settings.case)}${inLetterCase(user, letterCase)}${inLetterCase(suffix, settings.case)}`
    },
  }
}

const SEPARATORS = /[\\@/]/

/** Splits `CORP\carol` and `carol@corp.example`; a name with several separators has no domain. */
export function split(account: string): { readonly user: string; readonly domain?: string } {
  const down = /^([^\\@/]+)\\([^\\@/]+)$/.exec(account)
  if (down !== null) return { domain: down[1] ?? '', user: down[2] ?? '' }
  const up = /^([^\\@/]+)@([^\\@/]+)$/.exec(account)
  return up === null ? { user: account } : { domain: up[2] ?? '', user: up[1] ?? '' }
}

/** The prefix `CORP\` or the suffix `@corp.example` that the template adds to every account. */
function templateForm({ template, pattern }: DomainSettings): { readonly prefix: string; readonly suffix: string } {
  const none = { prefix: '', suffix: '' }
  // The pattern may remove it again.
  if (pattern.includes('(?<account>')) return none
  const literals = template.split(/\{[^}]+\}/)
  const [first = '', last = ''] = [literals[0], literals.at(-1)]
  const prefix = /^[^\\@/]+\\$/.test(first) ? first : ''
  const suffix = /^@[^\\@/]+$/.test(last) ? last : ''
  const others = literals.join('').slice(prefix.length, literals.join('').length - suffix.length)
  return (prefix === '') === (suffix === '') || SEPARATORS.test(others) ? none : { prefix, suffix }
}
