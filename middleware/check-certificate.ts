/** A stage where clients show certificates: is there one, is it good, and whom does it name? */
import type { X509Certificate } from 'node:crypto'
import type { Clock } from '../src/clock.ts'
import { deny, proceed, type Stage } from '../src/decision.ts'
import type { Code } from '../src/errors.ts'
import type { ClientCertificate, Traced } from '../src/exchange.ts'
import type { CertificateAccount } from '../src/identity/certificate-account.ts'
import { certificateOf, type ShownCertificate } from '../src/listener/client-certificate.ts'

export interface CertificateSettings {
  readonly isRequired: boolean
  /** Undefined: it need not name anybody. */
  readonly accountOf: CertificateAccount | undefined
  /** What others than people and their programs ask for. */
  readonly isExempt: (path: string) => boolean
  /** Somebody showed one, and it does not do. */
  readonly refused: (traced: Traced, certificate: X509Certificate, code: Code) => void
  readonly now: Clock
}

export function checkCertificate({
  isRequired,
  accountOf,
  isExempt,
  refused,
  now,
}: CertificateSettings): Stage<Traced, Traced> {
  const read = new WeakMap<ShownCertificate, ClientCertificate>()

  return traced => {
    if (isExempt(traced.target.path)) return proceed(traced)
    const shown = certificateOf(traced.request.socket)
    if (shown === undefined) return isRequired ? deny('client-certificate-missing') : proceed(traced)
    const certificate = read.get(shown) ?? readOnce(shown)
    const code = problemOf(shown, certificate)
    if (code === undefined) return proceed({ ...traced, certificate })
    refused(traced, shown.certificate, code)
    return deny(code)
  }

  function problemOf({ problem, notAfterMs }: ShownCertificate, { account }: ClientCertificate): Code | undefined {
    if (problem !== undefined) return problem
    if (notAfterMs <= now()) return 'client-certificate-expired'
    return accountOf !== undefined && account === undefined ? 'client-certificate-unmapped' : undefined
  }

  function readOnce(shown: ShownCertificate): ClientCertificate {
    // One that is not good names nobody.
    const account = shown.problem === undefined ? accountOf?.(shown.certificate) : undefined
    const certificate = { account, notAfterMs: shown.notAfterMs }
    read.set(shown, certificate)
    return certificate
  }
}
