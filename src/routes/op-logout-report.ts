import type { Clock } from '../clock.ts'
import type { Traced } from '../exchange.ts'
import type { Audit } from '../observability/audit.ts'
import type { OpLogoutChannel, OpLogoutOutcome } from '../observability/events.ts'
import type { OpLogout } from '../oidc/op-logout.ts'
import type { EndedSession } from '../session/session-store.ts'

export interface OpLogoutRouteParts {
  readonly opLogout: OpLogout
  readonly audit: Audit
  readonly countLogout: (channel: OpLogoutChannel, outcome: OpLogoutOutcome) => void
  readonly now: Clock
}

/** Reports to audit log and metrics what a logout at the OP has ended: one record per account, at least one. */
export function reportLogout(
  { audit, countLogout }: OpLogoutRouteParts,
  exchange: Traced,
  channel: OpLogoutChannel,
  ended: readonly EndedSession[],
): void {
  countLogout(channel, ended.length > 0 ? 'ended' : 'nothing')
  const accounts = ended.length === 0 ? [undefined] : new Set(ended.map(session => session.account))
  for (const account of accounts) {
    const sessions = ended.filter(session => session.account === account).length
    audit.write(`${channel}-channel-logout`, exchange, { account, sessions })
  }
}
