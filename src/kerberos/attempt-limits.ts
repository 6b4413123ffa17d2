import { createLru } from './lru.ts'

export type AttemptLimitsOptions = {
  /**
   * Failures of one account within the window, counted and pending together. Below the directory's lock-out threshold (divided
   * by the number of proxy instances), or guessing through us locks the account; default 3.
   */
  readonly maxAccountFailures?: number
  /** Failures of one client address within the window; default 20, for many people may share one. */
  readonly maxAddressFailures?: number
  /** At least the directory's "reset account lockout counter after"; default 1,800,000 (30 minutes, Windows' own default). */
  readonly windowMs?: number
  /** Wait after the first failure of an account; it doubles with each further one; default 1,000. */
  readonly backoffMs?: number
  /** Accounts and addresses that are tracked, each; default 50,000. */
  readonly maxTracked?: number
  readonly now?: () => number
}

/**
 * A place in both budgets, taken before the directory is asked. Exactly one of the calls gives it back; the others then do
 * nothing.
 */
export type Attempt = {
  /** The directory confirmed the password: it has reset its own counter, so ours goes, too. */
  succeeded(): void
  failed(): void
  /** The directory refused the account, whatever its password (unknown, disabled): counts against the address alone. */
  refused(): void
  /** The directory was not asked, or did not judge the password. */
  undecided(): void
}

export type Refused = { readonly retryAfterMs: number }

export type AttemptLimits = {
  begin(account: string, address: string): Attempt | Refused
}

/** One account's or address's record. Invariant: failures are in order of time and all within the window when last looked at. */
type Track = { failuresAtMs: number[]; pending: number }

/**
 * Keeps password guessing through this proxy below what the directory would lock an account for. An attempt occupies its place from
 * the start: five guesses sent at once cannot all pass a check that each of them still finds good.
 */
export function createAttemptLimits(options: AttemptLimitsOptions = {}): AttemptLimits {
  const { maxAccountFailures = 3, maxAddressFailures = 20, maxTracked = 50_000, now = Date.now } = options
  const { windowMs = 1_800_000, backoffMs = 1_000 } = options
  const accounts = createLru<Track>({ maxEntries: maxTracked })
  const addresses = createLru<Track>({ maxEntries: maxTracked })

  const trackOf = (tracks: typeof accounts, key: string): Track => {
    const track = tracks.get(key) ?? { failuresAtMs: [], pending: 0 }
    track.failuresAtMs = track.failuresAtMs.filter(atMs => now() < atMs + windowMs)
    tracks.set(key, track)
    return track
  }
  const waitMs = ({ failuresAtMs, pending }: Track, maxFailures: number): number => {
    const oldest = failuresAtMs[0]
    if (failuresAtMs.length + pending < maxFailures) return 0
    // Where pending attempts fill the budget, one of them ends within a KDC timeout.
    return oldest === undefined || failuresAtMs.length < maxFailures ? backoffMs : oldest + windowMs - now()
  }
  const backoffLeftMs = ({ failuresAtMs }: Track): number => {
    const latest = failuresAtMs.at(-1)
    return latest === undefined ? 0 : Math.max(0, latest + backoffMs * 2 ** (failuresAtMs.length - 1) - now())
  }

  return {
    begin(account, address) {
      const byAccount = trackOf(accounts, account)
      const byAddress = trackOf(addresses, address)
      const retryAfterMs = Math.max(
        waitMs(byAccount, maxAccountFailures),
        backoffLeftMs(byAccount),
        waitMs(byAddress, maxAddressFailures),
      )
      if (retryAfterMs > 0) return { retryAfterMs }
      byAccount.pending++
      byAddress.pending++
      return openAttempt(byAccount, byAddress, now)
    },
  }
}

function openAttempt(byAccount: Track, byAddress: Track, now: () => number): Attempt {
  let open = true
  const end = (settle: () => void) => (): void => {
    if (!open) return
    open = false
    byAccount.pending--
    byAddress.pending--
    settle()
  }
  return {
    succeeded: end(() => {
      // The address keeps its failures: one known password must not pay for guesses at other accounts.
      byAccount.failuresAtMs = []
    }),
    failed: end(() => {
      byAccount.failuresAtMs.push(now())
      byAddress.failuresAtMs.push(now())
    }),
    refused: end(() => {
      byAddress.failuresAtMs.push(now())
    }),
    undecided: end(() => undefined),
  }
}
