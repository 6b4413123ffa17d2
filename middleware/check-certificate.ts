/** A stage where clients show certificates: is there one, is it good, and whom does it name? */
import type { Clock } from '../src/clock.ts'
import { deny, proceed, type Stage } from '../src/decision.ts'
import type { ClientCertificate, Traced } from '../src/exchange.ts'
import type { CertificateAccount } from '../src/identity/certificate-account.ts'
import { certificateOf, type ShownCertificate } from '../src/listener/client-certificate.ts'

export interface CertificateSettings {
  readonly isRequired: boolean
  /** Undefined: it need not name anybody. */
  readonly accountOf: CertificateAccount | undefined
  /** What others than people and their programs ask for. */
  readonly isExempt: (path: string) => boolean
  readonly now: Clock
}

export function checkCertificate({ isRequired, accountOf, isExempt, now }: CertificateSettings): Stage<Traced, Traced> {
  const read = new WeakMap<ShownCertificate, ClientCertificate>()

  return traced => {
    if (isExempt(traced.target.path)) return proceed(traced)
    const shown = certificateOf(traced.request.socket)
    if (shown === undefined) return isRequired ? deny('client-certificate-missing') : proceed(traced)
    if (shown.problem !== undefined) return deny(shown.problem)
    if (shown.notAfterMs <= now()) return deny('client-certificate-expired')
    const certificate = read.get(shown) ?? readOnce(shown)
    if (accountOf !== undefined && certificate.account === undefined) return deny('client-certificate-unmapped')
    return proceed({ ...traced, certificate })
  }

  function readOnce(shown: ShownCertificate): ClientCertificate {
    const certificate = { account: accountOf?.(shown.certificate), notAfterMs: shown.notAfterMs }
    read.set(shown, certificate)
    return certificate
  }
}
