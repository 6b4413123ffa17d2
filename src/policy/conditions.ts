/** The conditions for a rule to match a request: one test for each option of `when`. */
import { addressSet } from '../../config/address-range.ts'
import { linearPattern } from '../../config/linear-pattern.ts'
import type { Config } from '../../config/schema.ts'
import { type Authenticated, accountOf } from '../exchange.ts'
import type { GitReading } from './git-operation.ts'
import { type GroupsInFile, membershipIn } from './membership.ts'

type When = Config['secondFactor']['rules'][number]['when']

/** What rules look at. */
export type Facts = Pick<
  Authenticated,
  'method' | 'target' | 'readings' | 'fields' | 'clientAddress' | 'clientClass' | 'credentials' | 'principal'
>

/** One reading of a request. */
export interface View {
  readonly path: string
  readonly method: string
  readonly git: GitReading | undefined
}

export type SpellingsOf = (account: string) => readonly string[]

export interface Condition {
  /** As the option is called. */
  readonly name: string
  readonly holds: (facts: Facts, view: View) => boolean
}

export interface Manner {
  /** The rule requires less than the default: then it must be certain that it matches. */
  readonly isLenient: boolean
  /** A slash more at the end is the same path to a rule that is not lenient. */
  readonly overlooksSlash: boolean
  /** At these paths a form does not name the method. */
  readonly overlooksForms: boolean
}

/** `spellingsOf`: every name of an account. */
export function conditionsOf(
  when: When,
  { isLenient, overlooksSlash, overlooksForms }: Manner,
  spellingsOf: SpellingsOf,
  inFile: GroupsInFile,
): Condition[] {
  const conditions: Condition[] = []
  const add = (name: string, holds: Condition['holds']) => conditions.push({ name, holds })
  // The cheapest first: it decides most of the time.
  if (when.methods.length > 0) {
    // A server does for HEAD what it does for GET (RFC 9110 9.3.2): it must not be the way around a rule that asks for more.
    const methods = !isLenient && when.methods.includes('GET') ? [...when.methods, 'HEAD'] : when.methods
    add('methods', ({ method }, view) => methods.includes(overlooksForms ? method : view.method))
  }
  if (when.path !== undefined) {
    // To many servers letter case makes no difference: it must not be the way around a rule that asks for more.
    const pattern = linearPattern(when.path, {
      ...{ matches: 'whole', ignoresCase: !isLenient },
      overlooksSlash: overlooksSlash && !isLenient,
    })
    add('path', (_, { path }) => pattern.test(path))
  }
  if (when.account !== undefined) {
    const pattern = linearPattern(when.account, { matches: 'whole', ignoresCase: true })
    add('account', ({ principal }) => {
      const account = accountOf(principal)
      // `admin` by ticket is who a rule calls CORP\\admin.
      return account !== undefined && spellingsOf(account).some(spelling => pattern.test(spelling))
    })
  }
  if (when.groups.length > 0) {
    const membership = membershipIn(when.groups, inFile)
    add('groups', facts => {
      const answer = membership(facts)
      // Unknown whose token it is, or who is in the group: that suffices to require more, but not to require less.
      return answer === 'member' || (answer === 'unknown' && !isLenient)
    })
  }
  if (when.networks.length > 0) {
    const contains = addressSet(when.networks)
    add('networks', ({ clientAddress }) => contains(clientAddress))
  }
  if (when.schemes.length > 0) add('schemes', facts => isOneOf(when.schemes, facts))
  if (when.clientClasses.length > 0) add('clientClasses', ({ clientClass }) => when.clientClasses.includes(clientClass))
  const operation = when.gitOperation
  if (operation !== undefined)
    add('gitOperation', (_, { git }) =>
      isLenient ? git?.certain === operation : git?.possible.includes(operation) === true,
    )
  // A method that is overridden may not be the method the server will see.
  if (isLenient) add('no method override', ({ readings }) => readings === undefined || readings.methods.length === 1)
  return conditions
}

/**
 * A session that a ticket opened is as good as the ticket: it was opened so that a browser is not asked for each
 * picture.
 */
function isOneOf(schemes: readonly string[], { credentials, principal }: Facts): boolean {
  const opened = principal.kind === 'person' ? principal.evidence.firstFactor : undefined
  // Nothing was sent, and the connection has said who it is.
  if (opened === 'certificate') return schemes.includes(opened)
  if (schemes.includes(credentials.scheme)) return true
  return credentials.scheme === 'session' && opened !== undefined && schemes.includes(opened)
}
