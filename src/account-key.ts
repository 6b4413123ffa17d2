/**
 * The one spelling of an account under which everything of a person is stored and found. `account` is a name as
 * written, such as `CORP\Alice`; only `src/identity/account-key.ts` makes the key for it.
 */
export type AccountKey = string & { readonly __accountKey: unique symbol }

export type AccountKeyOf = (account: string) => AccountKey

/** For what keeps keys and hands them on: a key that was written comes back as one. */
export const storedAccountKey = (text: string): AccountKey => text as AccountKey
