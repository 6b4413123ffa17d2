import type { HeldTicket } from './kdc/kdc-client.ts'
import { KerberosError } from './kerberos-error.ts'
import type { KeytabEntry } from './protocol/keytab.ts'
import { readLogonInfo } from './protocol/logon-info.ts'
import { PAC_BUFFER, readPac, verifyPac } from './protocol/pac.ts'
import { openTicket } from './protocol/ticket.ts'
import { readUpnDnsInfo } from './protocol/upn-dns-info.ts'

/**
 * Whom an evidence ticket is about, in the directory's own words. The KDC echoes the name it was asked with, or, where
 * it knows no S4U, answers with a ticket of our own: so the name is read in the PAC, under the KDC's signature with our
 * key. Without a PAC (MIT's KDC on a plain database) there is the name in the ticket alone.
 */
export function namesInEvidence({ ticket }: HeldTicket, keys: readonly KeytabEntry[]): string[] {
  const { etype, kvno } = ticket.encrypted
  const ofType = keys.filter(({ key }) => key.enctype.number === etype)
  const entry = ofType.find(found => found.kvno === kvno) ?? ofType[0]
  if (entry === undefined) {
    throw new KerberosError('service-credential-refused', 's4u2self', { text: 'no key opens the evidence' })
  }
  const opened = openTicket(ticket, entry.key)
  opened.sessionKey[Symbol.dispose]()
  if (opened.pac === undefined) return [`${opened.client.components.join('/')}@${opened.clientRealm}`]
  const pac = readPac(opened.pac)
  verifyPac(opened.pac, pac, opened, entry.key)
  const logonInfo = pac.get(PAC_BUFFER.logonInfo)
  const upnDnsInfo = pac.get(PAC_BUFFER.upnDnsInfo)
  const names = logonInfo === undefined ? [] : [`${readLogonInfo(logonInfo).accountName}@${opened.clientRealm}`]
  return upnDnsInfo === undefined ? names : [...names, readUpnDnsInfo(upnDnsInfo).upn]
}
