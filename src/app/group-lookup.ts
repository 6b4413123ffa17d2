import { readGroupsFile } from '../../config/groups-file.ts'
import type { Config } from '../../config/schema.ts'
import type { AccountKey, AccountKeyOf } from '../account-key.ts'
import type { GroupsInFile } from '../policy/membership.ts'

const NONE: readonly string[] = []

/** Reads the groups file once; changes to it take effect with a reload. */
export function groupLookup({ file }: Config['groups'], accountKey: AccountKeyOf): GroupsInFile {
  if (file === undefined) return () => undefined
  const byAccount = new Map<AccountKey, string[]>()
  for (const [group, accounts] of readGroupsFile(file))
    for (const account of accounts) {
      const key = accountKey(account)
      byAccount.set(key, [...(byAccount.get(key) ?? []), group])
    }
  return account => byAccount.get(accountKey(account)) ?? NONE
}
