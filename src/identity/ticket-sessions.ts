import type { Evidence } from '../exchange.ts'
import type { Directory } from '../kerberos/directory.ts'
import { principalOrNone } from '../kerberos/kerberos-error.ts'

/**
 * Whether a session still stands on something: one that a ticket opened on a directory that knows its realm. A realm that
 * is trusted no longer, or another one in place of ours, ends those that came from it. Asked when a session is read.
 */
export function stillVouchedFor(
  directory: Pick<Directory, 'principalOf'> | undefined,
  { subject, evidence }: { readonly subject: string; readonly evidence: Evidence },
): boolean {
  if (evidence.firstFactor !== 'negotiate') return true
  return directory !== undefined && principalOrNone(() => directory.principalOf(subject)) === subject
}
