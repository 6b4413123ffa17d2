/** Ends all sessions and confirmations of a person, e.g. after a laptop was lost. */
import { isUpnOf } from '../../config/upn-names.ts'
import type { AccountKey } from '../account-key.ts'
import type { EndedSession } from '../session/session-store.ts'
import type { Services } from './open-services.ts'
import { meant, namesOf, type Person, selectorsOf } from './person.ts'

type PersonServices = Pick<
  Services,
  'accountKey' | 'accountNames' | 'audit' | 'changes' | 'config' | 'grants' | 'pats' | 'sessions'
>

export interface Ended {
  /** Lines for the operator. */
  readonly report: readonly string[]
  readonly nothingEnded: boolean
}

/** Indexes in Redis can be lost while sessions remain; a mark ends those, too. */
const WHATEVER_IS_LISTED = 'no session opened until now counts any more, listed or not'

const UPN_OF_NOBODY =
  'the directory does not say whose UPN that is (it tells of no disabled account): give the account name'

const isUpn = ({ config }: PersonServices, name: string): boolean =>
  config.kerberos?.upnSuffixes.some(suffix => isUpnOf(name, suffix)) === true

/** `clientAddress`: of the operator, if known; for the audit log. */
export async function endPerson(services: PersonServices, asked: Person, clientAddress?: string): Promise<Ended> {
  const person = 'account' in asked ? { account: await meant(services, asked.account) } : asked
  const { accountKey, changes, audit } = services
  const who = clientAddress === undefined ? {} : { clientAddress }
  const selectors = selectorsOf(services, person)
  const ended: EndedSession[] = []
  for (const selector of selectors) ended.push(...(await services.sessions.endAll(selector)))
  const named = 'account' in person ? [person.account] : []
  const spellings = new Set([...named, ...ended.map(session => session.account)])
  // Includes sessions that no index found.
  const everyName = 'account' in person ? namesOf(services, person) : []
  for (const account of new Set([...spellings, ...everyName])) changes.publish({ kind: 'account', account })
  // Last, because publishing does not wait: once the store answers this, it has passed on the changes before it.
  const keys = new Set([
    ...selectors.flatMap(selector => selector.accountKey ?? []),
    ...Array.from(spellings, accountKey),
  ])
  const confirmations = await endConfirmations(services, keys)
  const nothingEnded = ended.length === 0 && confirmations.count === 0
  for (const account of nothingEnded ? [] : spellings) {
    const sessions = ended.filter(session => session.account === account).length
    if (sessions > 0 || ended.length === 0) audit.write('sessions-ended', who, { account, sessions })
  }
  if (nothingEnded) audit.write('no-session-found', who, { account: named[0] })
  return {
    report: [
      'account' in person ? `account ${person.account}` : `subject ${person.subject}`,
      `sessions ended: ${ended.length}`,
      ...confirmations.lines,
      ...(nothingEnded ? [`nothing has ended; looked for ${namesOf(services, person).join(', ')}`] : []),
      ...(nothingEnded && everyName.some(name => isUpn(services, name)) ? [UPN_OF_NOBODY] : []),
      ...(services.config.session.store.kind === 'redis' ? [WHATEVER_IS_LISTED] : []),
    ],
    nothingEnded,
  }
}

interface EndedConfirmations {
  readonly count: number
  readonly lines: readonly string[]
}

/** Lines for keys with confirmations, and always for the first key. */
async function endConfirmations(
  { grants, pats }: PersonServices,
  keys: Iterable<AccountKey>,
): Promise<EndedConfirmations> {
  const lines: string[] = []
  let count = 0
  for (const key of keys) {
    const running = await grants.of(key)
    await grants.revokeAll(key)
    const usable = (await pats.of([key])).filter(({ isBlocked }) => !isBlocked)
    if (running.length > 0 || lines.length === 0) lines.push(`confirmations of ${key} ended: ${running.length}`)
    if (usable.length > 0) lines.push(`personal access tokens of ${key}, to be revoked at the server: ${usable.length}`)
    count += running.length
  }
  return { count, lines }
}
