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
  /** In its PAC (sAMAccountName); undefined where there is none. */
  readonly accountName: string | undefined
  /** NetBIOS name of the domain that this is an account of, there. */
  readonly accountDomain: string | undefined
  /** Its flags, there; 0 where there is none. */
  readonly accountControl: number
}

/** Realms whose KDCs name accounts in PACs, as one of their tickets has shown: Active Directory, Samba, FreeIPA. */
export type NamingRealms = Set<string>

/**
 * Whom a ticket is about. A KDC echoes the name that somebody signed in with: by a UPN in the realm's own suffix, by a
 * machine's name without its $ (CVE-2021-42278), by letters that the directory takes for others. Which account that is, it
 * says in the PAC: so nobody has two names here, one of which no rule names. A client can ask for a ticket without PAC
 * (KERB-PA-PAC-REQUEST, MS-KILE 2.2.3): of a realm that is known to make them such a one is nobody's.
 *
 * Where Active Directory maps people of a trusted realm to accounts of its own (altSecurityIdentities), the PAC is of those,
 * and in their realm the name may be somebody else's: such a ticket is nobody's.
 *
 * Throws `foreign-realm` for a realm that is none of the configuration, where letter case counts (RFC 4120 6.1), and
 * `principal-malformed` for what cannot be a user account, or does not say which; and what `refuseUnfit` does.
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
