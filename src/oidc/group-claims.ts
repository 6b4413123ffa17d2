import { type Claims, claimAt } from './claims.ts'

/** The groups of a person, or why they are not known. */
export type GroupsSaid = { readonly groups: readonly string[] } | { readonly unknown: string }

/**
 * Groups and roles in a token, from all of these claims. A claim that is missing or stored elsewhere is not an empty
 * list: a person in too many groups could otherwise pass a rule for a group.
 */
export function groupsIn(claims: Claims, names: readonly string[]): GroupsSaid {
  const groups: string[] = []
  for (const name of names) {
    // Entra ID, "Groups overage claim"; OIDC Core 5.6.2 for claims that are elsewhere.
    if (isElsewhere(claims, name))
      return { unknown: `${name} is not in the token, because there are too many (_claim_names, hasgroups)` }
    const value = claimAt(claims, name)
    if (!Array.isArray(value) || !value.every(group => typeof group === 'string'))
      return { unknown: value === undefined ? `${name} is missing` : `${name} is no list of texts` }
    groups.push(...value)
  }
  return { groups }
}

function isElsewhere(claims: Claims, name: string): boolean {
  const { _claim_names: elsewhere, hasgroups } = claims
  if (typeof elsewhere === 'object' && elsewhere !== null && Object.hasOwn(elsewhere, name)) return true
  return name === 'groups' && (hasgroups === true || hasgroups === 'true')
}
