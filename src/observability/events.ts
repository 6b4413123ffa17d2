/** What metrics count by name. Each list is closed: nothing that a client sends becomes a label. */
import type { PatNews } from '../pats/pat-register.ts'

export type SignInEvent =
  | 'started'
  | 'completed'
  | 'second-factor-missing'
  | 'second-factor-stale'
  | 'account-unmapped'
  | 'sign-in-overtaken'
  | 'groups-unknown'
  | 'group-required'
  | 'refused'

export type GrantEvent = 'asked' | 'confirmed' | 'refused' | 'revoked'

/** `proven` to `proof_away`: what a read of the server said. */
export type PatProofEvent = 'proven' | 'proof_refused' | 'proof_let_pass' | 'proof_away' | 'proof_limited'
/** `asked` to `withdrawn`: what owners are asked to confirm, and do. */
export type PatConfirmationEvent = 'asked' | 'confirmed' | 'withdrawn'
export type PatEvent =
  | PatNews
  | PatProofEvent
  | PatConfirmationEvent
  | 'refused'
  | 'would_refuse'
  | 'blocked'
  | 'allowed'

/** `nothing`: there was no such session, or none any more, which is a success (OIDC Back-Channel Logout 1.0 2.7). */
export type OpLogoutOutcome = 'ended' | 'nothing' | 'refused' | 'failed'
export type OpLogoutChannel = 'back' | 'front'
