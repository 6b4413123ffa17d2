import { KerberosError, type KerberosOperation } from './kerberos-error.ts'
import { ACCOUNT_CONTROL } from './protocol/logon-info.ts'

const IN_PAC = 'by the flags of the account in its PAC'

/**
 * Throws where the flags of an account say that nobody may act for it, whoever let the ticket pass: `client-disabled`,
 * `client-locked`, and `principal-malformed` for the account of a trust between domains, whose password the other domain
 * has. They are as old as the PAC: of a ticket as its TGT, of an evidence ticket as the answer that it came with. An expired password is no reason:
 * people with smart cards have one. An account that has expired shows by the end of its tickets (MS-PAC 2.5, KickOffTime).
 */
export function refuseUnfit(accountControl: number, operation: KerberosOperation): void {
  if ((accountControl & ACCOUNT_CONTROL.disabled) !== 0)
    throw new KerberosError('client-disabled', operation, { text: IN_PAC })
  if ((accountControl & ACCOUNT_CONTROL.locked) !== 0)
    throw new KerberosError('client-locked', operation, { text: IN_PAC })
  if ((accountControl & ACCOUNT_CONTROL.trust) !== 0)
    throw new KerberosError('principal-malformed', operation, { text: 'the account of a trust between domains' })
}
