import type { Config } from '../../config/schema.ts'
import { inLetterCase } from '../ascii-case.ts'
import type { CanonicalPrincipal } from '../kerberos/canonical-principal.ts'

/** The account of a principal, in the form that the configuration says; of a realm other than ours always with the realm. */
export function principalAccount(
  principal: CanonicalPrincipal,
  { fromPrincipal, case: letterCase }: Pick<Config['account'], 'fromPrincipal' | 'case'>,
  ourRealm: string,
): string {
  const at = principal.lastIndexOf('@')
  const isOurs = principal.slice(at + 1) === ourRealm
  return inLetterCase(fromPrincipal === 'user' && isOurs ? principal.slice(0, at) : principal, letterCase)
}
