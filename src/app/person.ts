/** Whom an operator means, and every key under which something of that person may be kept. */
import type { AccountKey } from '../account-key.ts'
import type { SessionSelector } from '../session/session-store.ts'
import type { Services } from './open-services.ts'

export type Person = { readonly account: string } | { readonly subject: string }

type Names = Pick<Services, 'accountNames'>

/** Of an account in whatever spelling. */
export const keysOf = (services: Names, account: string): readonly AccountKey[] => [
  ...new Set(accountsOf(services, account).flatMap(services.accountNames.keysOf)),
]

export const selectorsOf = (services: Names, person: Person): readonly SessionSelector[] =>
  'subject' in person ? [person] : keysOf(services, person.account).map(accountKey => ({ accountKey }))

/** What was looked for, letter case left aside. */
export const namesOf = (services: Names, person: Person): readonly string[] =>
  'subject' in person
    ? [person.subject]
    : [...new Set(accountsOf(services, person.account).flatMap(services.accountNames.spellingsOf))]

/** Whom an operator means that writes a UPN of the directory's; the name as it is where that is nobody's, or disabled. */
export async function meant({ accountNames }: Names, account: string): Promise<string> {
  return (await accountNames.resolve(account)) ?? account
}

/** Where nobody says whose domain it is, a session too many is the safe mistake. */
function accountsOf({ accountNames: { perhaps } }: Names, account: string): readonly string[] {
  const user = perhaps(account)
  return user === undefined ? [account] : [account, user]
}
