/** The store that counts password attempts, for all processes that share it. */
import type { Awaitable } from '../awaitable.ts'

/** Maximum number of proven networks per account; only a correct password adds one. */
export const MAX_PROVEN_NETWORKS = 16

/** A time further ahead (ms) is replaced by now: the clock was set back. Clocks of machines differ by less. */
export const MAX_AHEAD_MS = 60_000

export interface AttemptBudget {
  /** Maximum failures within the window, counted and pending together. */
  readonly maxFailures: number
  readonly windowMs: number
  /**
   * Failures count until the window has passed since the latest of them, as directories count them towards a lock-out
   * (MS-SAMR 3.1.1.5, lockoutObservationWindow); default: each counts for one window.
   */
  readonly countsUntilQuiet?: boolean
  /** Maximum attempts pending at once; default: `maxFailures`. */
  readonly maxPending?: number
  /** Wait after the first failure; it doubles with each further one. 0: none. */
  readonly backoffMs: number
  /** Wait if pending attempts fill the budget, because one of them will end soon. */
  readonly pendingWaitMs: number
  /** A pending attempt stops counting after this time, because its process must have died. */
  readonly pendingMs: number
}

/**
 * `failed`: the place becomes a failure. `released`: it is freed. `cleared`: it is freed, and all failures are
 * deleted. `prolonged`: it is freed, and failures count as if another occurred now: the account has one in another
 * budget.
 */
export type AttemptEnd = 'failed' | 'released' | 'cleared' | 'prolonged'

export interface AttemptStore {
  /** Takes a place in the budget of `who` under `id` and returns 0, or returns how long to wait in milliseconds. */
  reserve(who: string, id: string, budget: AttemptBudget, nowMs: number): Awaitable<number>
  settle(who: string, id: string, end: AttemptEnd, budget: AttemptBudget, nowMs: number): Awaitable<void>
  /** The password was correct from that network. Keeps the newest `MAX_PROVEN_NETWORKS` of an account. */
  prove(account: string, network: string, untilMs: number, nowMs: number): Awaitable<void>
  isProven(account: string, network: string, nowMs: number): Awaitable<boolean>
  sweepAttempts(nowMs: number): Awaitable<void>
}
