import { type CanonicalPrincipal, canonicalPrincipal, type DirectoryNames } from './canonical-principal.ts'
import { KerberosError } from './kerberos-error.ts'
import type { OpenedTicket } from './protocol/ticket.ts'

export interface TicketOwner extends Pick<OpenedTicket, 'client' | 'clientRealm'> {
  /** In its PAC (sAMAccountName); undefined where there is none. */
  readonly accountName: string | undefined
}

/** Realms whose KDCs name accounts in PACs, as one of their tickets has shown: Active Directory, Samba, FreeIPA. */
export type NamingRealms = Set<string>

/**
 * Whom a ticket is about. A KDC echoes the name that somebody signed in with: by a UPN in the realm's own suffix, by a
 * machine's name without its $ (CVE-2021-42278), by letters that the directory takes for others. Which account that is, it
 * says in the PAC: so nobody has two names here, one of which no rule names. A client can ask for a ticket without PAC
 * (KERB-PA-PAC-REQUEST, MS-KILE 2.2.3): of a realm that is known to make them such a one is nobody's.
 *
 * Throws `foreign-realm` for a realm that is none of the configuration, where letter case counts (RFC 4120 6.1), and
 * `principal-malformed` for what cannot be a user account, or does not say which.
 */
export function ticketPrincipal(
  { client, clientRealm, accountName }: TicketOwner,
  directory: DirectoryNames,
  naming: NamingRealms,
): CanonicalPrincipal {
  const isKnown = [directory, ...(directory.trustedRealms ?? [])].some(({ realm }) => realm === clientRealm)
  if (!isKnown) throw new KerberosError('foreign-realm', 'name')
  const named = canonicalPrincipal(`${client.components.join('/')}@${clientRealm}`, directory)
  if (accountName !== undefined) {
    naming.add(clientRealm)
    return canonicalPrincipal(`${accountName}@${clientRealm}`, directory)
  }
  if (!naming.has(clientRealm)) return named
  throw new KerberosError('principal-malformed', 'name', { text: 'a ticket that was asked for without PAC' })
}
