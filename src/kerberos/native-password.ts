import { setImmediate as nextTurn } from 'node:timers/promises'
import { type CanonicalPrincipal, type DirectoryNames, partsOfPrincipal } from './canonical-principal.ts'
import type { HeldTicket } from './kdc/held-ticket.ts'
import type { KdcClient } from './kdc/kdc-client.ts'
import type { KeyFor } from './kdc/sign-in.ts'
import { codedFailure } from './kdc-failure.ts'
import { type GatesByRealm, gateTo } from './kdc-gate.ts'
import { KerberosError } from './kerberos-error.ts'
import type { KeytabFile } from './keytab-file.ts'
import type { LeasedTicket } from './leased-ticket.ts'
import { OpenedTickets, type TrustedTicket } from './opened-tickets.ts'
import { createVerifier, type PasswordVerifier } from './password.ts'
import { Krb5Error, krb5Error } from './protocol/krb5-error.ts'
import { NAME_TYPE, nameOf } from './protocol/principal-name.ts'
import { stringToKey } from './protocol/string-to-key.ts'
import type { Renewing } from './renewing.ts'
import { type NamingRealms, ticketPrincipal } from './ticket-principal.ts'

export interface NativePasswordVerifierOptions extends GatesByRealm {
  readonly client: KdcClient
  readonly keytab: KeytabFile
  /** Our own service, `HTTP/proxy.corp.test@CORP.TEST`. */
  readonly servicePrincipal: string
  readonly directory: DirectoryNames
  /** What tickets have shown of realms, here or elsewhere. */
  readonly naming?: NamingRealms
  /** Our own TGT, to armour passwords with; without it none is. */
  readonly service?: Renewing<LeasedTicket>
}

/** Verifies passwords against the KDC and our own key, without libgssapi: the same three steps (password.ts). */
export function createNativePasswordVerifier(options: NativePasswordVerifierOptions): PasswordVerifier {
  const { client, keytab, servicePrincipal, directory, naming = new Set() } = options
  const tickets = new OpenedTickets(keytab, [servicePrincipal])
  const service = nameOf(servicePrincipal.slice(0, servicePrincipal.lastIndexOf('@')), NAME_TYPE.serviceInstance)

  const armoured = async (ask: (own?: HeldTicket) => Promise<HeldTicket>): Promise<HeldTicket> => {
    const own = options.service?.held()
    if (own === undefined) return ask()
    try {
      return await own.use(ask)
    } catch (error) {
      // Perhaps our TGT is not good any more, as after a change of the KDC's own key: the next attempt has a new one.
      if (error instanceof Krb5Error) options.service?.invalidate(own)
      throw error
    }
  }
  const prove = async (principal: CanonicalPrincipal, secret: Buffer): Promise<void> => {
    const { account, realm } = partsOfPrincipal(principal)
    const user = { type: NAME_TYPE.principal, components: [account] }
    const keyFor: KeyFor = async ([info]) => {
      if (info === undefined) throw krb5Error('enctype-unsupported', 'the KDC offers no AES')
      // Active Directory always names the salt; MIT leaves out the one of RFC 4120 4: realm and components in a row.
      const salt = info.salt ?? Buffer.from(`${realm}${account}`, 'utf8')
      return stringToKey(info.etype, secret, salt, info.parameters)
    }
    const tgt = await codedFailure('password', () => armoured(own => client.signIn(user, keyFor, realm, own)))
    using _tgtKey = tgt.sessionKey
    // To read that answer is enough for one turn of the event loop.
    await nextTurn()
    const proof = await codedFailure('password-proof', () => client.serviceTicket(tgt, service))
    using _proofKey = proof.sessionKey
    const owner = openProof(() => tickets.open(proof.ticket))
    // The password was right, of an account that is called otherwise: nobody has this name.
    if (ticketPrincipal(owner, directory, naming) !== principal)
      throw new KerberosError('client-unknown', 'password-proof')
  }
  const gateOf = (principal: CanonicalPrincipal) => gateTo(partsOfPrincipal(principal).realm, options)
  return createVerifier(gateOf, prove, tickets, async () => options.service?.current())
}

/** A ticket that our key does not open was made by somebody who does not have it. */
function openProof(open: () => TrustedTicket): TrustedTicket {
  try {
    return open()
  } catch (cause) {
    throw new KerberosError('kdc-not-genuine', 'password-proof', { cause })
  }
}
