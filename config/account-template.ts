import type { Report } from './diagnostic.ts'
import { providersOf } from './providers.ts'
import type { Config } from './schema.ts'

/** What accounts are made by: a template without a claim would make everybody one person. */
export function checkAccountTemplate(path: string, template: string, report: Report): void {
  const rest = template.replace(/\{[A-Za-z0-9_.:/-]+\}/g, '')
  if (rest === template) report(path, 'needs at least one claim in braces, e.g. {preferred_username}')
  if (/[{}]/.test(rest)) report(path, 'has an unmatched brace, or an empty pair of braces')
  if (template.includes('}{'))
    report(path, 'needs a character between two claims, or two people could get the same account')
}

/**
 * A domain that a template of tokens puts around each account, and that nothing names: rules and groups by the name
 * alone are about somebody else then. Of several providers each may have a domain of its own, and should.
 */
export function accountTemplateWarnings(config: Pick<Config, 'account' | 'kerberos' | 'oidc' | 'providers'>): string[] {
  const { account, kerberos } = config
  const [one, ...others] = providersOf(config)
  if (one === undefined || others.length > 0 || kerberos !== undefined || account.pattern.includes('(?<account>'))
    return []
  const known = [...account.domains, domainIn(account.template) ?? ''].map(name => name.toLowerCase())
  const { idToken, accessToken } = one.settings
  return Object.entries({ idToken, accessToken }).flatMap(([token, { accountTemplate = '' }]) => {
    const domain = domainIn(accountTemplate)
    if (domain === undefined || known.includes(domain.toLowerCase())) return []
    return [
      `${one.path}.${token}.accountTemplate: adds ${domain} to accounts, but account.domains does not list it, so rules and groups.file entries without the domain mean other people; add it there`,
    ]
  })
}

/** `CORP\{sam}` and `{upn}@corp.example`. */
const domainIn = (template: string) =>
  /^([^\\@/{}]+)\\\{[^}]+\}$/.exec(template)?.[1] ?? /^\{[^}]+\}@([^\\@/{}]+)$/.exec(template)?.[1]
