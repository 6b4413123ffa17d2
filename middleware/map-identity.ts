/**
 * Stage 6: which account at the server? The claims were mapped when they were verified; here a person without one
 * stops.
 */
import { deny, proceed, type Stage } from '../src/decision.ts'
import type { Admitted, Mapped } from '../src/exchange.ts'

export function mapIdentity(): Stage<Admitted, Mapped> {
  return admitted => {
    const { principal } = admitted
    if (principal.kind !== 'person') return proceed({ ...admitted, account: undefined })
    return principal.account === undefined
      ? deny('account-unmapped')
      : proceed({ ...admitted, account: principal.account })
  }
}
