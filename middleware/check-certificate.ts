/** A stage for client certificates: is there one, is it valid, and which account does it name? */
import type { X509Certificate } from 'node:crypto'
import { type Awaitable, after } from '../src/awaitable.ts'
import type { Clock } from '../src/clock.ts'
import { type Decision, deny, proceed, type Stage } from '../src/decision.ts'
import type { Code } from '../src/errors.ts'
import type { ClientCertificate, Traced } from '../src/exchange.ts'
import type { AccountNames } from '../src/identity/account-key.ts'
import type { CertificateAccount } from '../src/identity/certificate-account.ts'
import { lapseOf } from '../src/identity/certificate-factor.ts'
import { certificateOf, type LeadsTo, type ShownCertificate } from '../src/listener/client-certificate.ts'
import type { UncheckedFrom } from '../src/listener/revocation-times.ts'

export interface CertificateSettings {
  readonly isRequired: boolean
  /** Undefined: it need not name anybody. */
  readonly accountOf: CertificateAccount | undefined
  /** The account that a name is kept as: whose a UPN is, the directory says. Undefined where it is nobody's. */
  readonly resolve: AccountNames['resolve']
  readonly leadsTo: LeadsTo
  readonly uncheckedFrom: UncheckedFrom
  /** What others than people and their programs ask for. */
  readonly isExempt: (path: string) => boolean
  /** Somebody showed one, and it does not do. */
  readonly refused: (traced: Traced, certificate: X509Certificate, code: Code) => void
  readonly now: Clock
}

export function checkCertificate({
  isRequired,
  accountOf,
  resolve,
  leadsTo,
  uncheckedFrom,
  isExempt,
  refused,
  now,
}: CertificateSettings): Stage<Traced, Traced> {
  const read = new WeakMap<ShownCertificate, ClientCertificate>()
  /** What is in the certificate, where the directory has to be asked whose it is: that can change. */
  const upns = new WeakMap<ShownCertificate, string>()

  return traced => {
    if (isExempt(traced.target.path)) return proceed(traced)
    const shown = certificateOf(traced.request.socket, leadsTo)
    if (shown === undefined) return isRequired ? deny('client-certificate-missing') : proceed(traced)
    return after(read.get(shown) ?? readOnce(shown), certificate => judged(traced, shown, certificate))
  }

  function judged(traced: Traced, shown: ShownCertificate, certificate: ClientCertificate): Decision<Traced> {
    const code = problemOf(shown, certificate)
    if (code === undefined) return proceed({ ...traced, certificate })
    refused(traced, shown.certificate, code)
    return deny(code)
  }

  function problemOf({ problem }: ShownCertificate, certificate: ClientCertificate): Code | undefined {
    if (problem !== undefined) return problem
    const isUnmapped = accountOf !== undefined && certificate.account === undefined
    return lapseOf(certificate, now()) ?? (isUnmapped ? 'client-certificate-unmapped' : undefined)
  }

  function readOnce(shown: ShownCertificate): Awaitable<ClientCertificate> {
    // One that is not good names nobody.
    const name = upns.get(shown) ?? (shown.problem === undefined ? accountOf?.(shown.certificate) : undefined)
    if (name === undefined) return keep(shown, undefined)
    const account = resolve(name)
    if (!(account instanceof Promise)) return keep(shown, account)
    upns.set(shown, name)
    return account.then(found => of(shown, found))
  }

  function keep(shown: ShownCertificate, account: string | undefined): ClientCertificate {
    const certificate = of(shown, account)
    read.set(shown, certificate)
    return certificate
  }

  function of({ certificate, notAfterMs, problem }: ShownCertificate, account: string | undefined): ClientCertificate {
    // One that is refused may be anybody's work.
    const uncheckedFromMs = problem === undefined ? uncheckedFrom(certificate) : Number.POSITIVE_INFINITY
    return { account, notAfterMs, uncheckedFromMs }
  }
}
