import { KerberosError, type KerberosOperation } from './kerberos-error.ts'
import { ACCOUNT_CONTROL } from './protocol/logon-info.ts'

const IN_PAC = 'by the flags of the account in its PAC'

/**
 * Throws if the flags of an account forbid acting for it, even though a KDC issued the ticket: `client-disabled`,
 * `client-locked`, and `principal-malformed` for the account of a trust between domains, whose password the other
 * domain has. The flags are as old as the PAC: for a ticket, as old as its TGT; for an evidence ticket, as old as the
 * answer that it came with. An expired password is not a reason, because people with smart cards have one. The tickets
 * of an expired account have ended (MS-PAC 2.5, KickOffTime).
 */
export function refuseUnfit(accountControl: number, operation: KerberosOperation): void {
  if ((accountControl & ACCOUNT_CONTROL.disabled) !== 0)
    throw new KerberosError('client-disabled', operation, { text: IN_PAC })
  if ((accountControl & ACCOUNT_CONTROL.locked) !== 0)
    throw new KerberosError('client-locked', operation, { text: IN_PAC })
  if ((accountControl & ACCOUNT_CONTROL.trust) !== 0)
    throw new KerberosError('principal-malformed', operation, { text: 'the account of a trust between domains' })
}
