import type { HeldTicket } from './kdc/kdc-client.ts'
import { KerberosError } from './kerberos-error.ts'
import { openWith } from './open-with.ts'
import type { KeytabEntry } from './protocol/keytab.ts'
import { krb5Error } from './protocol/krb5-error.ts'
import { readLogonInfo } from './protocol/logon-info.ts'
import { PAC_BUFFER, readPac, verifyPac } from './protocol/pac.ts'
import { readUpnDnsInfo } from './protocol/upn-dns-info.ts'

/**
 * Whom an evidence ticket is about, in the directory's own words. The KDC echoes the name it was asked with, or, where
 * it knows no S4U, answers with a ticket of our own: so the name is read in the PAC, under the KDC's signature with our
 * key. Without a PAC (MIT's KDC on a plain database) there is the name in the ticket alone.
 */
export function namesInEvidence({ ticket }: HeldTicket, keys: readonly KeytabEntry[]): string[] {
  if (!keys.some(({ key }) => key.enctype.number === ticket.encrypted.etype))
    throw new KerberosError('service-credential-refused', 's4u2self', { text: 'no key opens the evidence' })
  const found = openWith(keys, ticket)
  if (found === undefined) throw krb5Error('integrity', 'no key opens the evidence')
  const { opened, key } = found
  opened.sessionKey[Symbol.dispose]()
  if (opened.pac === undefined) return [`${opened.client.components.join('/')}@${opened.clientRealm}`]
  const pac = readPac(opened.pac)
  verifyPac(opened.pac, pac, opened, key)
  const logonInfo = pac.get(PAC_BUFFER.logonInfo)
  const upnDnsInfo = pac.get(PAC_BUFFER.upnDnsInfo)
  const names = logonInfo === undefined ? [] : [`${readLogonInfo(logonInfo).accountName}@${opened.clientRealm}`]
  return upnDnsInfo === undefined ? names : [...names, readUpnDnsInfo(upnDnsInfo).upn]
}
