import type { Config } from '../../config/schema.ts'
import { inLetterCase } from '../ascii-case.ts'
import type { CanonicalPrincipal } from '../kerberos/canonical-principal.ts'

/** The account of a principal, in the form that the configuration says. */
export function principalAccount(
  principal: CanonicalPrincipal,
  { fromPrincipal, case: letterCase }: Pick<Config['account'], 'fromPrincipal' | 'case'>,
): string {
  const named = fromPrincipal === 'user' ? principal.slice(0, principal.lastIndexOf('@')) : principal
  return inLetterCase(named, letterCase)
}
