/** The groups of the person behind a request: those that the OP or a ticket names, and those in the file. */
import { isSid } from '../../config/ticket-rules.ts'
import type { Code } from '../errors.ts'
import { accountOf, type Credentials, type Principal } from '../exchange.ts'

/** Groups of an account, in any spelling, by the file; undefined: there is no file. */
export type GroupsInFile = (account: string) => readonly string[] | undefined

type Asking = { readonly principal: Principal; readonly credentials: Credentials }

/** `unknown`: nobody has said, or could have. */
type Membership = 'member' | 'none' | 'unknown'

/** Whether somebody is in one of these groups. */
export function membershipIn(wanted: readonly string[], inFile: GroupsInFile): (asking: Asking) => Membership {
  const isWanted = (group: string) => wanted.includes(group)
  const [sids, names] = [wanted.some(isSid), !wanted.every(isSid)]
  return ({ principal, credentials }) => {
    const account = accountOf(principal)
    if (account === undefined)
      return credentials.scheme === 'pat' && principal.kind === 'server-checked' ? 'unknown' : 'none'
    const said = principal.kind === 'person' ? principal.groups : undefined
    const filed = inFile(account)
    if (said?.some(isWanted) || filed?.some(isWanted)) return 'member'
    if (isOfOp(principal) || credentials.scheme === 'server-token') return 'none'
    // The OP was not asked. SIDs are in tickets alone, and in none that was got without its PAC; all else is in the file.
    return (sids && said === undefined) || (names && filed === undefined) ? 'unknown' : 'none'
  }
}

/** Who signs in there without groups where they are asked for is refused then. */
const isOfOp = (principal: Principal) => principal.kind === 'person' && principal.evidence.firstFactor === undefined

/** Why a person may not pass at all; undefined: they may, or it is not known yet who they are. */
export type Outsider = (asking: Asking) => Code | undefined

/** Tokens of the server itself are nobody's. */
export function outsiderOf(required: readonly string[], inFile: GroupsInFile): Outsider {
  const membership = membershipIn(required, inFile)
  return asking => {
    const { principal, credentials } = asking
    if (principal.kind === 'anonymous' || credentials.scheme === 'server-token') return undefined
    return membership(asking) === 'member' ? undefined : 'group-required'
  }
}
