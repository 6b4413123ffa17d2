/** Which groups a request comes from: those that the OP names, and those of the file. */
import type { Code } from '../errors.ts'
import type { Credentials, Principal } from '../exchange.ts'

/** Groups of an account in whatever spelling, by the file. */
export type GroupsInFile = (account: string) => readonly string[]

type Asking = { readonly principal: Principal; readonly credentials: Credentials }

/** `unknown`: a personal access token whose owner nobody has named. */
export function membership(
  { principal, credentials }: Asking,
  wanted: readonly string[],
  inFile: GroupsInFile,
): 'member' | 'none' | 'unknown' {
  if (principal.kind === 'anonymous') return 'none'
  const account = principal.kind === 'person' ? principal.account : principal.owner?.account
  if (account === undefined) return credentials.scheme === 'pat' ? 'unknown' : 'none'
  const said = principal.kind === 'person' ? (principal.groups ?? []) : []
  return said.some(group => wanted.includes(group)) || inFile(account).some(group => wanted.includes(group))
    ? 'member'
    : 'none'
}

/** Why somebody may not pass at all; undefined: they may, or nobody knows yet who it is. */
export type Outsider = (asking: Asking) => Code | undefined

/** Tokens of the server itself are nobody's. */
export const outsiderOf =
  (required: readonly string[], inFile: GroupsInFile): Outsider =>
  asking => {
    const { principal, credentials } = asking
    if (principal.kind === 'anonymous' || credentials.scheme === 'server-token') return undefined
    return membership(asking, required, inFile) === 'member' ? undefined : 'group-required'
  }
