import type { Evidence } from '../exchange.ts'
import type { Directory } from '../kerberos/directory.ts'
import { principalOrNone } from '../kerberos/kerberos-error.ts'

/**
 * Whether a session opened by a ticket is still valid: the directory must still know its realm. Sessions from a realm
 * that is no longer trusted, or from a replaced realm of Torhaus, end. Checked when a session is read.
 */
export function stillVouchedFor(
  directory: Pick<Directory, 'principalOf'> | undefined,
  { subject, evidence }: { readonly subject: string; readonly evidence: Evidence },
): boolean {
  if (evidence.firstFactor !== 'negotiate') return true
  return directory !== undefined && principalOrNone(() => directory.principalOf(subject)) === subject
}
