import { setImmediate as nextTurn } from 'node:timers/promises'
import { type CanonicalPrincipal, type DirectoryNames, partsOfPrincipal } from './canonical-principal.ts'
import { type HeldTicket, isOfReply } from './kdc/held-ticket.ts'
import type { KdcClient } from './kdc/kdc-client.ts'
import type { KeyFor } from './kdc/sign-in.ts'
import { codedFailure } from './kdc-failure.ts'
import { type GatesByRealm, gateTo } from './kdc-gate.ts'
import { isExpired, KerberosError } from './kerberos-error.ts'
import type { KeytabFile } from './keytab-file.ts'
import type { LeasedTicket } from './leased-ticket.ts'
import { openTrusted, type TrustedTicket } from './opened-tickets.ts'
import { byOwnTicket, onceMore } from './own-ticket.ts'
import { isVerdict, type Verdict } from './password-verdicts.ts'
import { Krb5Error } from './protocol/krb5-error.ts'
import { NAME_TYPE, nameIn } from './protocol/principal-name.ts'
import { stringToKey } from './protocol/string-to-key.ts'
import type { ServiceCredential } from './service-credential.ts'
import { type NamingRealms, ticketPrincipal } from './ticket-principal.ts'

export interface PasswordVerifierOptions extends GatesByRealm {
  readonly client: KdcClient
  readonly keytab: KeytabFile
  /** Our own service, `HTTP/proxy.corp.test@CORP.TEST`. */
  readonly servicePrincipal: string
  readonly directory: DirectoryNames
  /** What tickets have shown of realms, here or elsewhere. */
  readonly naming?: NamingRealms
  /** Our own TGT, to armour passwords with, where there is a key to get it by: while it cannot be got none is proven. */
  readonly service?: ServiceCredential
}

interface Armour {
  readonly service: ServiceCredential
  readonly own: LeasedTicket
}

/**
 * The verdict of the directory: confirmed, refused for a lasting reason, or none (it was not asked, or gave no useful
 * answer). `unheard`: the password was sent but no answer came, so the directory may have counted a wrong one. A domain
 * controller that forwards wrong passwords to another one, which is unreachable, fails to answer only those.
 */
export type AttemptOutcome = Verdict | 'undecided' | 'unheard'

export interface PasswordVerifier {
  /**
   * Resolves if the directory confirms the password; throws a `KerberosError` otherwise: `password-wrong`,
   * `password-expired`, `client-unknown`, `client-disabled`, `kdc-not-genuine`, ... `onOutcome` is called exactly once,
   * when the directory has answered, which may be after the caller was told `kdc-unreachable`. `kdcs`: how often a
   * proof of the password was sent to a KDC, each of which counts a wrong one.
   */
  verify(
    principal: CanonicalPrincipal,
    password: string,
    onOutcome?: (outcome: AttemptOutcome, kdcs?: number) => void,
  ): Promise<void>
}

/**
 * Active Directory allows 127 characters on screen and 256 in the attribute; UTF-8 takes four octets at most for each.
 */
const maxPasswordBytes = 1024

/**
 * Verifies passwords against the KDC **and** our own key:
 *
 *   AS exchange with the password       a KDC accepts it, but is it a genuine one?
 *   TGS exchange for our own service    it must issue a ticket
 *   open that ticket with our keytab    only a KDC that has our key can have made it
 *   compare the session keys            it was made for this very answer, and is not one that was seen before
 *
 * Without the last three steps, anyone who answers in place of the KDC could sign in with a password of their choice
 * (the Zanarotti attack). This costs two AS requests and one TGS request; the tickets are dropped at once.
 */
export function createPasswordVerifier(options: PasswordVerifierOptions): PasswordVerifier {
  const { client, keytab, servicePrincipal, directory, naming = new Set() } = options
  const ourselves = nameIn(servicePrincipal, NAME_TYPE.serviceInstance)

  /**
   * Undefined in another realm, where Torhaus' TGT cannot be used as armour, and without a key of its account in the
   * keytab, which is not needed if nobody is impersonated.
   */
  const armourIn = (realm: string): ServiceCredential | undefined =>
    realm === directory.realm && options.service?.hasKey() === true ? options.service : undefined
  const prove = async (
    principal: CanonicalPrincipal,
    secret: Buffer,
    armour: Armour | undefined,
    onProof: () => void,
  ): Promise<void> => {
    const { account, realm } = partsOfPrincipal(principal)
    const user = { type: NAME_TYPE.principal, components: [account] }
    const keyFor: KeyFor = async ([info]) => {
      // Of an account that anybody may have named; other KDCs say so themselves (KDC_ERR_ETYPE_NOSUPP).
      if (info === undefined) throw new KerberosError('client-disabled', 'password', { text: 'no AES keys' })
      // Active Directory always names the salt; MIT leaves out the one of RFC 4120 4: realm and components in a row.
      const salt = info.salt ?? Buffer.from(`${realm}${account}`, 'utf8')
      return stringToKey(info.etype, secret, salt, info.parameters)
    }
    const signIn = (armouring?: HeldTicket) => client.signIn(user, keyFor, { realm, armouring, onProof })
    const tgt = await codedFailure('password', () =>
      // If the armour's TGT is no longer accepted, the KDC says so in an error outside of the armour.
      armour === undefined ? signIn() : byOwnTicket(armour.service, armour.own, signIn, isKrb5Error),
    )
    using _tgtKey = tgt.sessionKey
    // Reading that reply was enough work for one turn of the event loop.
    await nextTurn()
    const proof = await codedFailure('password-proof', () => client.serviceTicket(tgt, ourselves))
    using _proofKey = proof.sessionKey
    // Not kept: it was issued for this check alone, and is never presented again.
    const owner = openProof(() => openTrusted(keytab.ringOf([servicePrincipal]), proof.ticket))
    using _ownerKey = owner.sessionKey
    if (!isOfReply(proof, owner)) throw notGenuine('a ticket that was not made for this reply')
    // The password is that of an account with another name: no account has this name.
    if (ticketPrincipal(owner, directory, naming) !== principal)
      throw new KerberosError('client-unknown', 'password-proof')
  }
  return {
    async verify(principal, password, onOutcome = () => undefined) {
      const secret = Buffer.from(password, 'utf8')
      const isNobodys = secret.length === 0 || secret.length > maxPasswordBytes || secret.includes(0)
      const { realm } = partsOfPrincipal(principal)
      let asked = false
      const ask = async (): Promise<void> => {
        const service = armourIn(realm)
        // Before the gate, because obtaining our own ticket is a gate call of its own. If there is no ticket, which an
        // attacker on the network path can bring about, the password is not sent at all, rather than without armour.
        await service?.current()
        await gateTo(realm, options).run(() => {
          const own = service?.held()
          // Dropped while this call waited for its turn.
          if (service !== undefined && own === undefined) throw new KerberosError('credentials-expired', 'password')
          asked = true
          let kdcs = 0
          return prove(principal, secret, service && own && { service, own }, () => {
            kdcs++
          })
            .then(() => onOutcome('right', kdcs))
            .catch((error: unknown) => {
              onOutcome(outcomeOf(error, kdcs > 0), kdcs)
              throw error
            })
            .finally(() => secret.fill(0))
        })
      }
      try {
        if (isNobodys) throw new KerberosError('password-wrong', 'password')
        await onceMore(ask, error => !asked && isExpired(error))
      } catch (error) {
        if (!asked) {
          secret.fill(0)
          onOutcome('undecided')
        }
        throw error
      }
    },
  }
}

const isKrb5Error = (error: unknown): boolean => error instanceof Krb5Error

function outcomeOf(error: unknown, shown: boolean): AttemptOutcome {
  if (!(error instanceof KerberosError)) return 'undecided'
  if (isVerdict(error.code)) return error.code
  return shown && error.operation === 'password' && error.code === 'kdc-unreachable' ? 'unheard' : 'undecided'
}

/** A ticket that Torhaus' key does not decrypt was made by somebody without that key. */
function openProof(open: () => TrustedTicket): TrustedTicket {
  try {
    return open()
  } catch (cause) {
    throw notGenuine('a ticket that no key of ours opens', cause)
  }
}

const notGenuine = (text: string, cause?: unknown): KerberosError =>
  new KerberosError('kdc-not-genuine', 'password-proof', { text, cause })
