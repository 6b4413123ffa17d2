import { KDC_OPTION, type PaData } from '../protocol/kdc-request.ts'
import { krb5Error } from '../protocol/krb5-error.ts'
import { NAME_TYPE, type PrincipalName } from '../protocol/principal-name.ts'
import { forUser, resourceBasedDelegation, s4uX509User, verifyS4uX509Reply } from '../protocol/s4u-padata.ts'
import { type HeldTicket, isSameClient } from './held-ticket.ts'
import { poolOf, type RealmPools } from './realm-pools.ts'
import { type KeyFor, signIn } from './sign-in.ts'
import { createTicketGranting } from './ticket-granting.ts'

export interface KdcClientOptions {
  /** The realm of Torhaus' own services and account; it is among `pools`. */
  readonly realm: string
  readonly pools: RealmPools
  readonly now: () => number
}

/** A person who signs in with a password, and so knows the key that replies to them are encrypted with. */
export interface Person {
  readonly realm: string
  /** A TGT of Torhaus in that realm, with which the proof is armoured if the KDC offers that. */
  readonly armouring?: HeldTicket | undefined
  /** Called each time a proof is sent to a KDC: each KDC counts a wrong one. */
  readonly onProof?: () => void
}

export interface KdcClient {
  /** A TGT (RFC 4120 3.1): of `person`, from their realm; without it, that of Torhaus' own account. */
  signIn(client: PrincipalName, keyFor: KeyFor, person?: Person): Promise<HeldTicket>
  /** A ticket for a service of our realm in the holder's own name (RFC 4120 3.3), wherever the TGT is from. */
  serviceTicket(tgt: HeldTicket, service: PrincipalName): Promise<HeldTicket>
  /**
   * A ticket for ourselves in the name of a user (MS-SFU 3.1.5.1.1). An enterprise name is one that the KDC is to
   * resolve (RFC 6806 5). For a user of another realm, the KDCs of that realm are asked first.
   */
  s4u2self(tgt: HeldTicket, user: PrincipalName, userRealm?: string): Promise<HeldTicket>
  /** A ticket for a service in the name of the user of the evidence (MS-SFU 3.1.5.2.1). */
  s4u2proxy(tgt: HeldTicket, evidence: HeldTicket, service: PrincipalName): Promise<HeldTicket>
}

/** Throws `KdcRefusal`, `KdcUnreachable`, or the `Krb5Error` because of which the last reply was not accepted. */
export function createKdcClient({ realm, pools, now }: KdcClientOptions): KdcClient {
  const granting = createTicketGranting(pools, realm, now)
  const armours = new Map([...pools.keys()].map(name => [name, { isOffered: false }]))

  /** Calls `ask` with a TGT for that realm, and then disposes of its key, unless it is `tgt`. */
  async function from<T>(atRealm: string, tgt: HeldTicket, ask: (there: HeldTicket) => Promise<T>): Promise<T> {
    const there = await granting.tgtFor(atRealm, tgt)
    try {
      return await ask(there)
    } finally {
      if (there !== tgt) there.sessionKey[Symbol.dispose]()
    }
  }

  return {
    async signIn(client, keyFor, person) {
      const clientRealm = person?.realm ?? realm
      const pool = poolOf(pools, clientRealm)
      const armour = armours.get(clientRealm) ?? { isOffered: false }
      return signIn(
        { pool, realm: clientRealm, client, now, armour, isOurs: person === undefined, onProof: person?.onProof },
        keyFor,
        person?.armouring,
      )
    },
    async serviceTicket(tgt, service) {
      const ticket = await from(realm, tgt, there => granting.ask(there, { service }))
      if (!isSameClient(ticket, tgt)) throw krb5Error('mismatch', 'client of a service ticket')
      return ticket
    },
    async s4u2self(tgt, user, userRealm = realm) {
      const isAbroad = userRealm !== realm
      // A UPN of an account in another realm is refused: its owner signs in by the account name in that realm.
      const isOfAnybody = !isAbroad && user.type === NAME_TYPE.enterprise
      const evidence = await from(userRealm, tgt, there =>
        granting.ask(there, {
          service: tgt.client,
          // MS-SFU 3.1.5.1.1.1: another realm knows us by our whole name.
          abroad: { type: NAME_TYPE.enterprise, components: [`${tgt.client.components.join('/')}@${realm}`] },
          options: KDC_OPTION.forwardable | (isAbroad || isOfAnybody ? KDC_OPTION.canonicalize : 0),
          isNotFollowed: isOfAnybody,
          padata: ({ sessionKey }, nonce) => [
            forUser(user, userRealm, sessionKey),
            s4uX509User({ user, realm: userRealm, nonce }, sessionKey),
          ],
          verify: (padata: readonly PaData[], { sessionKey }, nonce) =>
            verifyS4uX509Reply(padata, { user, realm: userRealm, nonce }, sessionKey),
        }),
      )
      // The name beside the ticket is not authenticated: the owner is read from the ticket itself (evidence-names.ts).
      if (evidence.clientRealm !== userRealm)
        throw krb5Error(isOfAnybody ? 'realm-unknown' : 'mismatch', 'realm of an evidence ticket')
      return evidence
    },
    async s4u2proxy(tgt, evidence, service) {
      const ticket = await granting.ask(tgt, {
        service,
        options: KDC_OPTION.forwardable | KDC_OPTION.clientInAdditionalTicket,
        additionalTicket: evidence.ticket.octets,
        padata: () => [resourceBasedDelegation()],
      })
      if (!isSameClient(ticket, evidence)) throw krb5Error('mismatch', 'client of a delegated ticket')
      return ticket
    },
  }
}
