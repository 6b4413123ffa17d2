import type { AccountKey, AccountKeyOf } from '../account-key.ts'
import type { Directory } from '../kerberos/directory.ts'
import { KerberosError } from '../kerberos/kerberos-error.ts'

/**
 * One spelling per account, so that what a ticket, a password and the OP call a person can be compared: the principal where
 * there is a directory. A name that is no principal stays as it is, and so never equals one.
 */
export function accountKeyOf(directory: Pick<Directory, 'principalOf'> | undefined): AccountKeyOf {
  return account => spelledOnce(directory, account) as AccountKey
}

function spelledOnce(directory: Pick<Directory, 'principalOf'> | undefined, account: string): string {
  if (directory === undefined) return account
  try {
    return directory.principalOf(account)
  } catch (error) {
    if (error instanceof KerberosError) return account
    throw error
  }
}
