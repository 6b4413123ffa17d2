import type { Report } from './diagnostic.ts'

/** What accounts are made by: a template without a claim would make everybody one person. */
export function checkAccountTemplate(path: string, template: string, report: Report): void {
  const rest = template.replace(/\{[A-Za-z0-9_.:/-]+\}/g, '')
  if (rest === template) report(path, 'needs at least one claim in braces, e.g. {preferred_username}')
  if (/[{}]/.test(rest)) report(path, 'has a brace without its partner, or an empty pair')
  if (template.includes('}{'))
    report(path, 'needs a character between two claims: otherwise two people could get one account')
}
