import { randomUUID } from 'node:crypto'
import type { Awaitable } from '../awaitable.ts'
import type { AttemptBudget, AttemptEnd, AttemptStore } from './attempt-store.ts'

export type AttemptLimitsOptions = {
  /**
   * Failures of one account within the window, counted and pending together, in all processes on one store. Below the
   * directory's lock-out threshold, or guessing through us locks the account; default 3.
   */
  readonly maxAccountFailures?: number
  /** Failures of one client address within the window; default 20, for many people may share one. */
  readonly maxAddressFailures?: number
  /** At least the directory's "reset account lockout counter after"; default 1,800,000 (30 minutes, Windows' own default). */
  readonly windowMs?: number
  /** Wait after the first failure of an account; it doubles with each further one; default 1,000. */
  readonly backoffMs?: number
  readonly now: () => number
}

/**
 * A place in both budgets, taken before the directory is asked. Exactly one of the calls gives it back; the others then do
 * nothing. None fails: what cannot be recorded leaves the place taken, until it counts no more.
 */
export type Attempt = {
  /** The directory confirmed the password: it has reset its own counter, so ours goes, too. */
  succeeded(): Awaitable<void>
  failed(): Awaitable<void>
  /** The directory refused the account, whatever its password (unknown, disabled): counts against the address alone. */
  refused(): Awaitable<void>
  /** The directory was not asked, or did not judge the password. */
  undecided(): Awaitable<void>
}

type Refused = { readonly retryAfterMs: number }

export type AttemptLimits = {
  /** Throws, or rejects with, a fault where the store cannot be asked: then nobody may ask the directory. */
  begin(account: string, address: string): Promise<Attempt | Refused>
}

/** Longer than all calls to a KDC for one attempt may block. */
const PENDING_MS = 120_000

/**
 * Keeps password guessing through this proxy below what the directory would lock an account for. An attempt occupies its place from
 * the start: five guesses sent at once cannot all pass a check that each of them still finds good.
 */
export function createAttemptLimits(store: AttemptStore, options: AttemptLimitsOptions): AttemptLimits {
  const { maxAccountFailures = 3, maxAddressFailures = 20, now } = options
  const { windowMs = 1_800_000, backoffMs = 1_000 } = options
  const common = { windowMs, pendingWaitMs: backoffMs, pendingMs: PENDING_MS }
  const ofAccount: AttemptBudget = { ...common, maxFailures: maxAccountFailures, backoffMs }
  const ofAddress: AttemptBudget = { ...common, maxFailures: maxAddressFailures, backoffMs: 0 }

  const settle = async (who: string, id: string, end: AttemptEnd, budget: AttemptBudget): Promise<void> => {
    try {
      await store.settle(who, id, end, budget, now())
    } catch {
      // The store counts its failures itself.
    }
  }

  return {
    async begin(account, address) {
      const id = randomUUID()
      const [byAccount, byAddress] = [`account ${account}`, `address ${address}`]
      const accountWaitMs = await store.reserve(byAccount, id, ofAccount, now())
      if (accountWaitMs > 0) return { retryAfterMs: accountWaitMs }
      const release = () => settle(byAccount, id, 'released', ofAccount)
      let addressWaitMs: number
      try {
        addressWaitMs = await store.reserve(byAddress, id, ofAddress, now())
      } catch (error) {
        await release()
        throw error
      }
      if (addressWaitMs > 0) {
        await release()
        return { retryAfterMs: addressWaitMs }
      }
      return openAttempt(async (accountEnd, addressEnd) => {
        await Promise.all([settle(byAccount, id, accountEnd, ofAccount), settle(byAddress, id, addressEnd, ofAddress)])
      })
    },
  }
}

function openAttempt(settle: (account: AttemptEnd, address: AttemptEnd) => Promise<void>): Attempt {
  let isOpen = true
  const end = (account: AttemptEnd, address: AttemptEnd) => (): Awaitable<void> => {
    if (!isOpen) return
    isOpen = false
    return settle(account, address)
  }
  return {
    // The address keeps its failures: one known password must not pay for guesses at other accounts.
    succeeded: end('cleared', 'released'),
    failed: end('failed', 'failed'),
    refused: end('released', 'failed'),
    undecided: end('released', 'released'),
  }
}
