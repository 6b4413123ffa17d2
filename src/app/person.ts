/** The person an operator names, and all keys under which records of that person may be stored. */
import type { AccountKey } from '../account-key.ts'
import type { SessionSelector } from '../session/session-store.ts'
import type { Services } from './open-services.ts'

export type Person = { readonly account: string } | { readonly subject: string }

type Names = Pick<Services, 'accountNames'>

/** All keys of an account given in any spelling. */
export const keysOf = (services: Names, account: string): readonly AccountKey[] => [
  ...new Set(accountsOf(services, account).flatMap(services.accountNames.keysOf)),
]

export const selectorsOf = (services: Names, person: Person): readonly SessionSelector[] =>
  'subject' in person ? [person] : keysOf(services, person.account).map(accountKey => ({ accountKey }))

/** The names that were looked for; letter case is ignored. */
export const namesOf = (services: Names, person: Person): readonly string[] =>
  'subject' in person
    ? [person.subject]
    : [...new Set(accountsOf(services, person.account).flatMap(services.accountNames.spellingsOf))]

/** Resolves a UPN of the directory; returns the name unchanged if nobody has it or the account is disabled. */
export async function meant({ accountNames }: Names, account: string): Promise<string> {
  return (await accountNames.resolve(account)) ?? account
}

/** If it is unknown which domain is Torhaus' own, ending a session too many is the safe mistake. */
function accountsOf({ accountNames: { perhaps } }: Names, account: string): readonly string[] {
  const user = perhaps(account)
  return user === undefined ? [account] : [account, user]
}
