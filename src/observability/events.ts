/** What metrics count by name. Each list is closed: nothing that a client sends becomes a label. */
import type { KdcFailure } from '../kerberos/kdc/kdc-state.ts'
import { patNews } from '../pats/pat-use.ts'

export const signInEvents = [
  ...(['started', 'completed', 'refused'] as const),
  ...(['second-factor-missing', 'second-factor-stale', 'account-unmapped', 'sign-in-overtaken'] as const),
  ...(['groups-unknown', 'group-required'] as const),
]
export type SignInEvent = (typeof signInEvents)[number]

export const grantEvents = ['asked', 'confirmed', 'disowned', 'refused', 'revoked'] as const
export type GrantEvent = (typeof grantEvents)[number]

/** What a read of the server said. */
const patProofEvents = ['proven', 'proof_refused', 'proof_let_pass', 'proof_away', 'proof_limited'] as const
export type PatProofEvent = (typeof patProofEvents)[number]

/** What owners are asked to confirm, and do. */
const patConfirmationEvents = ['asked', 'confirmed', 'disowned', 'withdrawn'] as const
export type PatConfirmationEvent = (typeof patConfirmationEvents)[number]

export const patEvents = [
  ...patNews,
  ...patProofEvents,
  ...patConfirmationEvents,
  ...(['refused', 'would_refuse', 'blocked', 'allowed'] as const),
]
export type PatEvent = (typeof patEvents)[number]

/** `nothing`: there was no such session, or none any more, which is a success (OIDC Back-Channel Logout 1.0 2.7). */
export const opLogoutOutcomes = ['ended', 'nothing', 'refused', 'failed'] as const
export type OpLogoutOutcome = (typeof opLogoutOutcomes)[number]

export const opLogoutChannels = ['back', 'front'] as const
export type OpLogoutChannel = (typeof opLogoutChannels)[number]

/** None can be missing. */
const everyKdcFailure: Readonly<Record<KdcFailure, true>> = {
  silent: true,
  unreachable: true,
  'out-of-service': true,
  'not-believed': true,
}
export const kdcFailures = Object.keys(everyKdcFailure) as readonly KdcFailure[]
