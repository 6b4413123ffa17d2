/** Stages that limit request rates: by client address before anything is looked up, and by account once it is known. */
import { clientNetworkOf } from '../config/address-prefix.ts'
import { deny, proceed, type Stage } from '../src/decision.ts'
import type { Authenticated, Principal, Traced } from '../src/exchange.ts'
import type { RequestRate } from '../src/limits/request-rate.ts'

export function limitClient(rate: RequestRate): Stage<Traced, Traced> {
  return traced => {
    const retryAfterSeconds = rate.take(clientNetworkOf(traced.clientAddress))
    return retryAfterSeconds === undefined ? proceed(traced) : deny('rate-limited', { retryAfterSeconds })
  }
}

/** Who is nobody yet, or known to the server alone, counts by address only. */
export function limitAccount(
  rate: RequestRate,
  accountKey: (account: string) => string,
): Stage<Authenticated, Authenticated> {
  return authenticated => {
    const who = keyOf(authenticated.principal)
    if (who === undefined) return proceed(authenticated)
    const retryAfterSeconds = rate.take(who)
    return retryAfterSeconds === undefined ? proceed(authenticated) : deny('rate-limited', { retryAfterSeconds })
  }

  /** Undefined: counts by address only. */
  function keyOf(principal: Principal): string | undefined {
    if (principal.kind === 'server-checked') return principal.owner?.accountKey
    if (principal.kind !== 'person') return undefined
    return principal.account === undefined ? principal.subject : accountKey(principal.account)
  }
}
