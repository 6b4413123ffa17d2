import { asciiLower } from '../ascii-case.ts'
import { refuseUnfit } from './account-standing.ts'
import {
  type CanonicalPrincipal,
  canonicalPrincipal,
  type DirectoryNames,
  type RealmNames,
} from './canonical-principal.ts'
import { KerberosError } from './kerberos-error.ts'
import type { OpenedTicket } from './protocol/ticket.ts'

export interface TicketOwner extends Pick<OpenedTicket, 'client' | 'clientRealm'> {
  /** From its PAC (sAMAccountName); undefined if there is none. */
  readonly accountName: string | undefined
  /** NetBIOS name of the domain that this is an account of, there. */
  readonly accountDomain: string | undefined
  /** The account's flags (userAccountControl) from the PAC; 0 if there is none. */
  readonly accountControl: number
}

/** Realms whose KDCs name accounts in PACs, as one of their tickets has shown: Active Directory, Samba, FreeIPA. */
export type NamingRealms = Set<string>

/**
 * Determines who owns a ticket. A KDC echoes the name that a person signed in with: a UPN with the realm's own suffix,
 * the name of a machine without its $ (CVE-2021-42278), or letters that the directory treats like others. The PAC says
 * which account that is, so nobody can have a second name that no rule mentions. A client can ask for a ticket without
 * PAC (KERB-PA-PAC-REQUEST, MS-KILE 2.2.3); it is refused if the realm is known to issue PACs.
 *
 * If Active Directory maps people from a trusted realm to its own accounts (altSecurityIdentities), the PAC is that of
 * the account, and in the trusted realm its name may belong to somebody else; so such a ticket is refused.
 *
 * Throws `foreign-realm` for a realm that is not in the configuration, with case being significant (RFC 4120 6.1),
 * `principal-malformed` for what cannot be a user account or does not say which, and what `refuseUnfit` throws.
 */
export function ticketPrincipal(
  { client, clientRealm, accountName, accountDomain = '', accountControl }: TicketOwner,
  directory: DirectoryNames,
  naming: NamingRealms,
): CanonicalPrincipal {
  const realms = [directory, ...(directory.trustedRealms ?? [])]
  if (!realms.some(({ realm }) => realm === clientRealm)) throw new KerberosError('foreign-realm', 'name')
  const named = canonicalPrincipal(`${client.components.join('/')}@${clientRealm}`, directory)
  const isElsewhere = ({ realm, netbiosDomain = '' }: RealmNames) =>
    realm !== clientRealm && netbiosDomain !== '' && asciiLower(netbiosDomain) === asciiLower(accountDomain)
  if (realms.some(isElsewhere))
    throw new KerberosError('principal-malformed', 'name', { text: 'the PAC is of an account of another realm' })
  refuseUnfit(accountControl, 'name')
  if (accountName !== undefined) {
    naming.add(clientRealm)
    return canonicalPrincipal(`${accountName}@${clientRealm}`, directory)
  }
  if (!naming.has(clientRealm)) return named
  throw new KerberosError('principal-malformed', 'name', { text: 'a ticket that was asked for without PAC' })
}
