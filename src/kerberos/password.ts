import { type CanonicalPrincipal, canonicalPrincipal, type DirectoryNames } from './canonical-principal.ts'
import { acceptContext, initiateContext } from './contexts.ts'
import { acquireAcceptor, acquireWithPassword } from './credentials.ts'
import type { KdcGate } from './kdc-gate.ts'
import { KerberosError } from './kerberos-error.ts'
import type { Gssapi } from './library.ts'
import { isVerdict, type Verdict } from './password-verdicts.ts'

export type PasswordVerifierOptions = {
  readonly gssapi: Gssapi
  readonly gate: KdcGate
  /** Holds the key of `servicePrincipal`. */
  readonly keytabFile: string
  /** Our own service, `HTTP/proxy.corp.test@CORP.TEST`. */
  readonly servicePrincipal: string
  readonly directory: DirectoryNames
}

/**
 * The directory's judgement: confirmed, refused for a reason that stays, or none (not asked, or nothing of use came
 * back).
 */
export type AttemptOutcome = Verdict | 'undecided'

export type PasswordVerifier = Disposable & {
  /**
   * Resolves where the directory confirms the password; throws a `KerberosError` otherwise: `password-wrong`,
   * `password-expired`, `client-unknown`, `client-disabled`, `kdc-not-genuine`, ... `onOutcome` is called exactly once,
   * when the directory has spoken, which may be after the caller was told `kdc-unreachable`.
   */
  verify(principal: CanonicalPrincipal, password: string, onOutcome?: (outcome: AttemptOutcome) => void): Promise<void>
}

/**
 * Active Directory allows 127 characters on screen and 256 in the attribute; UTF-8 takes four octets at most for each.
 */
const maxPasswordBytes = 1024

/**
 * Verifies passwords against the KDC **and** our own key:
 *
 *   AS exchange with the password       a KDC says yes: but which?
 *   TGS exchange for our own service    it must issue a ticket
 *   accept that ticket with our keytab  only the KDC that shares our key can have made it
 *
 * Without the last two steps whoever answers in the KDC's place, with a password of his own, decides who signs in (the
 * Zanarotti attack). Costs two AS requests and one TGS request; the tickets are dropped at once.
 */
export async function createPasswordVerifier(options: PasswordVerifierOptions): Promise<PasswordVerifier> {
  const { gssapi, gate, keytabFile, servicePrincipal, directory } = options
  // No replay cache: the token is made here, used here, and never on a wire.
  const acceptor = await acquireAcceptor(gssapi, { principal: servicePrincipal, keytabFile, replayCache: 'none:' })

  const prove = async (principal: CanonicalPrincipal, secret: Buffer): Promise<void> => {
    const { credential } = await acquireWithPassword(gssapi, principal, secret)
    using _credential = credential
    const { token } = await initiateContext(gssapi, credential, servicePrincipal, 'password-proof')
    const accepted = await acceptContext(gssapi, acceptor, token, 'password-proof')
    if (canonicalPrincipal(accepted.principal, directory) !== principal) {
      throw new KerberosError('identity-mismatch', 'password-proof')
    }
  }
  return createVerifier(() => gate, prove, acceptor)
}

type Prove = (principal: CanonicalPrincipal, secret: Buffer) => Promise<void>

/**
 * What both implementations do around the proof: refuse what no account can have, tell the outcome once, and overwrite
 * the octets. `owned` ends with the verifier. `prepare` may wait for a gate of its own; what it throws counts for nothing.
 */
export function createVerifier(
  gateOf: (principal: CanonicalPrincipal) => KdcGate,
  prove: Prove,
  owned: Disposable,
  prepare: () => Promise<unknown> = async () => undefined,
): PasswordVerifier {
  return {
    async verify(principal, password, onOutcome = () => undefined) {
      const secret = Buffer.from(password, 'utf8')
      const empty = secret.length === 0 || secret.length > maxPasswordBytes || secret.includes(0)
      let asked = false
      try {
        // Such a password is nobody's; an empty one makes libkrb5 prompt.
        if (empty) throw new KerberosError('password-wrong', 'password')
        await prepare().catch(() => undefined)
        await gateOf(principal).run(() => {
          asked = true
          return prove(principal, secret)
            .then(() => onOutcome('right'))
            .catch((error: unknown) => {
              onOutcome(outcomeOf(error))
              throw error
            })
            .finally(() => secret.fill(0))
        })
      } catch (error) {
        if (!asked) {
          secret.fill(0)
          onOutcome('undecided')
        }
        throw error
      }
    },
    [Symbol.dispose]: () => owned[Symbol.dispose](),
  }
}

function outcomeOf(error: unknown): AttemptOutcome {
  return error instanceof KerberosError && isVerdict(error.code) ? error.code : 'undecided'
}
