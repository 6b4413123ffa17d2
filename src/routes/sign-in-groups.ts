import { Fault } from '../errors.ts'
import type { Traced } from '../exchange.ts'
import type { Claims } from '../oidc/claims.ts'
import { groupsIn } from '../oidc/group-claims.ts'
import type { Op } from '../oidc/ops.ts'
import type { Outsider } from '../policy/membership.ts'
import type { SessionRecord } from '../session/session-store.ts'
import type { BeginSignInParts } from './begin-sign-in.ts'

export interface SignInGroupsParts extends Pick<BeginSignInParts, 'report'> {
  /** Whether groups are configured. */
  readonly readsGroups: boolean
  readonly outsider: Outsider | undefined
}

/** The groups in the ID token; undefined: none are needed. Throws `groups-unknown`, `group-required`. */
export function groupsAtSignIn(
  { readsGroups, outsider, report }: SignInGroupsParts,
  { settings }: Op,
  exchange: Traced,
  { claims, ...person }: Pick<SessionRecord, 'subject' | 'account' | 'evidence'> & { readonly claims: Claims },
): readonly string[] | undefined {
  const said = readsGroups ? groupsIn(claims, settings.idToken.groups) : undefined
  const refuse = (code: 'groups-unknown' | 'group-required', why: string): never => {
    report(code, exchange, person.account)
    throw new Fault(code, new Error(why))
  }
  if (said !== undefined && 'unknown' in said) return refuse('groups-unknown', said.unknown)
  const principal = { kind: 'person', ...person, groups: said?.groups ?? [] } as const
  const code = outsider?.({ principal, credentials: { scheme: 'session', id: '' } })
  if (code !== undefined)
    return refuse('group-required', `groups received: ${JSON.stringify(principal.groups).slice(0, 500)}`)
  return said?.groups
}
