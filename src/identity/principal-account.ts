import type { Config } from '../../config/schema.ts'
import { inLetterCase } from '../ascii-case.ts'
import type { CanonicalPrincipal } from '../kerberos/canonical-principal.ts'

/** The account of a principal, in the configured form; principals of other realms always keep the realm. */
export function principalAccount(
  principal: CanonicalPrincipal,
  { fromPrincipal, case: letterCase }: Pick<Config['account'], 'fromPrincipal' | 'case'>,
  ourRealm: string,
): string {
  const isOurs = realmIn(principal) === ourRealm
  const name = fromPrincipal === 'user' && isOurs ? principal.slice(0, principal.lastIndexOf('@')) : principal
  return inLetterCase(name, letterCase)
}

export const realmIn = (principal: CanonicalPrincipal): string => principal.slice(principal.lastIndexOf('@') + 1)
