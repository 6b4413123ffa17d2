/** The krb5.conf of the lab's clients, given to them by KRB5_CONFIG. */

export type Krb5ConfigOptions = {
  readonly realm: string
  /** `address:port`; several are tried in order. */
  readonly kdcs: readonly string[]
  /**
   * Asked for in AS requests; a service ticket never outlives it. The KDC's own limit is 10 h. Samba takes a TGT with
   * two minutes or less to live for a password-change ticket and answers "Ticket expired": 125 gives service tickets
   * for five seconds, which then live for the rest of the two minutes.
   */
  readonly ticketLifetimeSeconds?: number
}

/** TCP only (the relay counts there), and no DNS: a name means what the test says it means. */
export function krb5Config({ realm, kdcs, ticketLifetimeSeconds }: Krb5ConfigOptions): string {
  const lifetime = ticketLifetimeSeconds === undefined ? '' : `  ticket_lifetime = ${ticketLifetimeSeconds}s\n`
  return `[libdefaults]
  default_realm = ${realm}
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
  udp_preference_limit = 1
${lifetime}[realms]
  ${realm} = {
${kdcs.map(kdc => `    kdc = ${kdc}\n`).join('')}  }
[domain_realm]
  .${realm.toLowerCase()} = ${realm}
  ${realm.toLowerCase()} = ${realm}
`
}
