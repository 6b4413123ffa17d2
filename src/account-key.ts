/**
 * The one spelling of an account, under which everything of a person is kept and found. `account` is what somebody
 * wrote, such as `CORP\Alice`; the key of it is made by `src/identity/account-key.ts` alone.
 */
export type AccountKey = string & { readonly __accountKey: unique symbol }

export type AccountKeyOf = (account: string) => AccountKey

/** For what keeps keys and hands them on: a key that was written comes back as one. */
export const storedAccountKey = (text: string): AccountKey => text as AccountKey
