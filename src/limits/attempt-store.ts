/** Where attempts at passwords are counted, together for all processes that share a store. */
import type { Awaitable } from '../awaitable.ts'

/** Networks kept of one account; only a right password makes one. */
export const MAX_PROVEN_NETWORKS = 16

/** Of a time that is further ahead: the clock was set back since, and it counts as of now. Clocks of machines differ by less. */
export const MAX_AHEAD_MS = 60_000

export interface AttemptBudget {
  /** Most failures within the window, counted and pending together. */
  readonly maxFailures: number
  readonly windowMs: number
  /**
   * Failures count until that long after the latest of them, as directories count them towards a lock (MS-SAMR 3.1.1.5,
   * lockoutObservationWindow); default: each by itself.
   */
  readonly countsUntilQuiet?: boolean
  /** Most attempts under way at once; default: as many as there are places. */
  readonly maxPending?: number
  /** Wait after the first failure; it doubles with each further one. 0: none. */
  readonly backoffMs: number
  /** Wait where pending attempts fill the budget: one of them ends soon. */
  readonly pendingWaitMs: number
  /** After so long a pending attempt counts no more: its process has died. */
  readonly pendingMs: number
}

/**
 * `failed`: the place becomes a failure. `released`: it is given back. `cleared`: so are all failures. `prolonged`: it is
 * given back, and failures count as if there was one more now, for the same account has one elsewhere.
 */
export type AttemptEnd = 'failed' | 'released' | 'cleared' | 'prolonged'

export interface AttemptStore {
  /** Takes a place in the budget of `who`, under `id`: 0. Or says how long to wait for one, in milliseconds. */
  reserve(who: string, id: string, budget: AttemptBudget, nowMs: number): Awaitable<number>
  settle(who: string, id: string, end: AttemptEnd, budget: AttemptBudget, nowMs: number): Awaitable<void>
  /** From that network the account's password was right. Keeps the newest `MAX_PROVEN_NETWORKS` of an account. */
  prove(account: string, network: string, untilMs: number, nowMs: number): Awaitable<void>
  isProven(account: string, network: string, nowMs: number): Awaitable<boolean>
  sweepAttempts(nowMs: number): Awaitable<void>
}
