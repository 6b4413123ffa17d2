/** What a certificate that a client has shown says about who asks: whom it may be, and by wish who it is, by one factor. */
import type { ClientCertificateSettings } from '../../config/client-certificates.ts'
import type { AccountKeyOf } from '../account-key.ts'
import type { Clock } from '../clock.ts'
import type { Code } from '../errors.ts'
import { accountOf, type ClientCertificate, type Presented, type Principal } from '../exchange.ts'

/** Why a certificate that was good counts no more, on the connection that it was shown on. */
export function lapseOf({ notAfterMs, uncheckedFromMs }: ClientCertificate, nowMs: number): Code | undefined {
  if (notAfterMs <= nowMs) return 'client-certificate-expired'
  return uncheckedFromMs <= nowMs ? 'client-certificate-unchecked' : undefined
}

export class CertificateFactor {
  readonly #isFirstFactor: boolean
  readonly #accountKey: AccountKeyOf
  readonly #now: Clock

  constructor({ firstFactor }: Pick<ClientCertificateSettings, 'firstFactor'>, accountKey: AccountKeyOf, now: Clock) {
    this.#isFirstFactor = firstFactor
    this.#accountKey = accountKey
    this.#now = now
  }

  /** Who it is that shows nothing else; undefined where that does not say it. */
  vouch({ certificate }: Presented): Principal | undefined {
    const account = certificate?.account
    if (!this.#isFirstFactor || account === undefined) return undefined
    const authTime = Math.floor(this.#now() / 1000)
    const evidence = { acr: undefined, acrs: [], amr: [], authTime, firstFactor: 'certificate' } as const
    return { kind: 'person', subject: account, account, evidence }
  }

  /** Why it may not be that principal; undefined: it may. Asked again for what lasts longer than a request. */
  refuses({ certificate }: Presented, principal: Principal): Code | undefined {
    if (certificate === undefined) return undefined
    const lapse = lapseOf(certificate, this.#now())
    if (lapse !== undefined) return lapse
    const { account: own } = certificate
    const account = accountOf(principal)
    if (own === undefined || account === undefined) return undefined
    return this.#accountKey(own) === this.#accountKey(account) ? undefined : 'client-certificate-mismatch'
  }
}
