import { refuseUnfit } from './account-standing.ts'
import { type HeldTicket, isOfReply } from './kdc/held-ticket.ts'
import { KerberosError } from './kerberos-error.ts'
import { KeyRing } from './key-ring.ts'
import { openWith } from './open-with.ts'
import type { KeytabEntry } from './protocol/keytab.ts'
import { krb5Error } from './protocol/krb5-error.ts'
import { ACCOUNT_CONTROL, type LogonInfo, readLogonInfo } from './protocol/logon-info.ts'
import { PAC_BUFFER, readPac, verifyPac } from './protocol/pac.ts'
import { readUpnDnsInfo } from './protocol/upn-dns-info.ts'

/** The names of a ticket's owner, as the directory spells them. */
export interface EvidenceNames {
  /** `alice@CORP.TEST`: the account name (sAMAccountName), whatever name was asked for. */
  readonly account: string
  /** Undefined if the PAC does not state it (UPN_DNS_INFO, MS-PAC 2.10). */
  readonly upn: string | undefined
  /** Why the account may not be delegated (MS-SFU 3.2.5.1.2), in words; undefined: no known reason. */
  readonly protection: string | undefined
}

/** The group's number in each domain (MS-DTYP 2.4.2.4). */
const PROTECTED_USERS = 525

/**
 * Reads who owns an evidence ticket. The KDC echoes the requested name or, if it does not support S4U, answers with a
 * ticket of our own; so the name is read from the PAC, which the KDC has signed with our key. Without a PAC, or with
 * one that names no account (MIT's KDC), only the name in the ticket is left. Throws what `refuseUnfit` throws.
 */
export function namesInEvidence(evidence: HeldTicket, keys: readonly KeytabEntry[]): EvidenceNames {
  const { ticket } = evidence
  if (!keys.some(({ key }) => key.enctype.number === ticket.encrypted.etype))
    throw new KerberosError('service-credential-refused', 's4u2self', { text: 'no key opens the evidence' })
  const found = openWith(new KeyRing(keys), ticket)
  if (found === undefined) {
    const { kvno } = ticket.encrypted
    if (kvno !== undefined && !keys.some(key => key.kvno === kvno))
      throw new KerberosError('service-credential-refused', 's4u2self', { text: 'the keytab lacks the newest key' })
    throw krb5Error('integrity', 'no key opens the evidence')
  }
  const { opened, key } = found
  using _sessionKey = opened.sessionKey
  if (!isOfReply(evidence, opened)) throw krb5Error('integrity', 'an evidence ticket that was not made for this reply')
  const { client, clientRealm, pac: octets } = opened
  const ofTicket = client.components.join('/')
  if (octets === undefined) return { account: `${ofTicket}@${clientRealm}`, upn: undefined, protection: undefined }
  const pac = readPac(octets)
  verifyPac(octets, pac, opened, key)
  const logonOctets = pac.get(PAC_BUFFER.logonInfo)
  const logonInfo = logonOctets && readLogonInfo(logonOctets)
  if (logonInfo !== undefined) refuseUnfit(logonInfo.accountControl, 's4u2self')
  const upnDnsInfo = pac.get(PAC_BUFFER.upnDnsInfo)
  return {
    account: `${logonInfo?.accountName ?? ofTicket}@${clientRealm}`,
    upn: upnDnsInfo && readUpnDnsInfo(upnDnsInfo).upn,
    protection: logonInfo && protectionOf(logonInfo),
  }
}

function protectionOf({ userSid, groupSids, accountControl }: LogonInfo): string | undefined {
  const domain = userSid.slice(0, userSid.lastIndexOf('-'))
  if (groupSids.includes(`${domain}-${PROTECTED_USERS}`)) return 'a member of Protected Users'
  return (accountControl & ACCOUNT_CONTROL.notDelegated) === 0 ? undefined : 'an account that is marked as sensitive'
}
