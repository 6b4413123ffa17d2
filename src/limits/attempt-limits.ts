import { randomUUID } from 'node:crypto'
import { clientNetworkOf } from '../../config/address-prefix.ts'
import type { Awaitable } from '../awaitable.ts'
import type { Clock } from '../clock.ts'
import type { AttemptBudget, AttemptEnd, AttemptStore } from './attempt-store.ts'

export type AttemptLimitsOptions = {
  /**
   * Maximum failures of one account within the window, counted and pending together, across all processes that share a
   * store. Must be below the directory's lock-out threshold, or guessing through Torhaus locks the account; default 3.
   */
  readonly maxAccountFailures?: number
  /**
   * Additional failures reserved for networks that have proven the account's password, which strangers cannot use up.
   * The sum of both must be below the lock-out threshold; default 1.
   */
  readonly reservedAccountFailures?: number
  /** How long a network counts as proven after a correct password; default 604,800,000 (7 days). */
  readonly provenMs?: number
  /** Maximum failures of one client address within the window; default 20, because many people may share an address. */
  readonly maxAddressFailures?: number
  /** IPv6 addresses that share this many leading bits count as one: a host has a /64 (RFC 4291 2.5.1); default 64. */
  readonly ipv6PrefixBits?: number
  /**
   * At least the directory's "reset account lockout counter after"; default 1,800,000 (30 minutes, Windows' own
   * default).
   */
  readonly windowMs?: number
  /** Wait after the first failure of an account; it doubles with each further one; default 1,000. */
  readonly backoffMs?: number
  readonly now: () => number
}

/**
 * A place in both budgets, taken before the directory is asked. The first of these calls settles it; later ones do
 * nothing. None fails: if the result cannot be recorded, the place stays taken until it expires.
 */
export type Attempt = {
  /** The directory confirmed the password, which resets its own counter; so the counter here is reset, too. */
  succeeded(): Awaitable<void>
  /** `times`: how many failures the directory counted; default: 1. */
  failed(times?: number): Awaitable<void>
  /** The directory refused the account, whatever its password (unknown, disabled): counts against the address alone. */
  refused(): Awaitable<void>
  /** The directory was not asked, or did not judge the password. */
  undecided(): Awaitable<void>
}

type Refused = { readonly retryAfterMs: number }

export type AttemptLimits = {
  /** Rejects with a fault if the store is unavailable; the directory must then not be asked. */
  begin(account: string, address: string): Promise<Attempt | Refused>
}

/** Longer than all calls to a KDC for one attempt may take together, in milliseconds. */
const PENDING_MS = 120_000

/**
 * Keeps password guessing through Torhaus below the directory's lock-out threshold. An attempt occupies its place from
 * the start, so that concurrent guesses cannot all pass the check before the first of them is counted.
 *
 *   anybody                     a place of the account, and one of the address
 *   none left, network proven   a reserved place, for networks from which the password was lately correct, so that
 *                               neither strangers' guesses nor a shared address lock them out. Their own failures still
 *                               delay them
 */
export function createAttemptLimits(store: AttemptStore, options: AttemptLimitsOptions): AttemptLimits {
  const { now, provenMs = 604_800_000, ipv6PrefixBits = 64 } = options
  const budgets = budgetsOf(options)
  const sparesAnybody = budgets.reserve.maxFailures > 0 && provenMs > 0

  const { settle, reserve } = placesIn(store, budgets, now)
  const isSpared = async (account: string, network: string): Promise<boolean> =>
    sparesAnybody && (await store.isProven(account, network, now()))

  /** Counts further failures, beyond the one that has a place. */
  const further = (kinds: readonly BudgetKind[], account: string, id: string, times: number): Promise<void>[] =>
    kinds.flatMap(kind =>
      Array.from({ length: times - 1 }, (_, index) => settle(kind, account, `${id} ${index}`, 'failed')),
    )
  const settleAccount = async (
    account: string,
    network: string,
    id: string,
    { end, times }: AccountEnd,
  ): Promise<void> => {
    const settled = [settle('account', account, id, end), ...further(['account'], account, id, times)]
    if (end === 'cleared') settled.push(...OWN.map(kind => settle(kind, account, id, end)))
    if (end === 'failed' && sparesAnybody) settled.push(settle('reserve', account, id, 'prolonged'))
    if (end === 'failed' && (await isSpared(account, network).catch(() => false)))
      settled.push(settle('own', account, id, end))
    await Promise.all(settled)
  }

  return {
    async begin(account, address) {
      const id = randomUUID()
      const network = clientNetworkOf(address, ipv6PrefixBits)
      const open = (endAccount: (end: AccountEnd) => Promise<unknown>) =>
        openAttempt(async (accountEnd, addressEnd) => {
          await Promise.all([endAccount(accountEnd), settle('address', network, id, addressEnd)])
          if (accountEnd.end === 'cleared' && sparesAnybody) await prove(account, network)
        })
      const waitMs = await reserve(id, [
        ['account', account],
        ['address', network],
      ])
      if (waitMs === 0) return open(end => settleAccount(account, network, id, end))
      if (!(await isSpared(account, network))) return { retryAfterMs: waitMs }
      const reserveWaitMs = await reserve(
        id,
        OWN.map(kind => [kind, account]),
      )
      if (reserveWaitMs > 0) return { retryAfterMs: Math.min(waitMs, reserveWaitMs) }
      // Failures by strangers stay counted: otherwise they could guess again after each sign-in of the owner.
      return open(({ end, times }) =>
        Promise.all([
          ...further(OWN, account, id, times),
          ...OWN.map(kind => settle(kind, account, id, end)),
          ...(end === 'failed' ? [settle('account', account, id, 'prolonged')] : []),
        ]),
      )
    },
  }

  async function prove(account: string, network: string): Promise<void> {
    try {
      await store.prove(account, network, now() + provenMs, now())
    } catch {
      // The next correct password proves it again.
    }
  }
}

interface Places {
  settle(kind: BudgetKind, who: string, id: string, end: AttemptEnd): Promise<void>
  /** Takes a place in all of them or in none. Returns how long to wait in milliseconds; 0: the places are taken. */
  reserve(id: string, places: readonly Place[]): Promise<number>
}

function placesIn(store: AttemptStore, budgets: Readonly<Record<BudgetKind, AttemptBudget>>, now: Clock): Places {
  const settle = async (kind: BudgetKind, who: string, id: string, end: AttemptEnd): Promise<void> => {
    try {
      await store.settle(`${kind} ${who}`, id, end, budgets[kind], now())
    } catch {
      // The store counts its own errors.
    }
  }
  const reserve = async (id: string, places: readonly Place[]): Promise<number> => {
    const taken: Place[] = []
    const giveBack = () => Promise.all(taken.map(([kind, who]) => settle(kind, who, id, 'released')))
    try {
      for (const [kind, who] of places) {
        const waitMs = await store.reserve(`${kind} ${who}`, id, budgets[kind], now())
        if (waitMs === 0) taken.push([kind, who])
        else {
          await giveBack()
          return waitMs
        }
      }
    } catch (error) {
      await giveBack()
      throw error
    }
    return 0
  }
  return { settle, reserve }
}

/** `own`: failures from proven networks, for the back-off after them; `reserve`: failures in a reserved place. */
type BudgetKind = 'account' | 'address' | 'own' | 'reserve'
type Place = readonly [kind: BudgetKind, who: string]
const OWN = ['own', 'reserve'] as const

function budgetsOf(options: AttemptLimitsOptions): Readonly<Record<BudgetKind, AttemptBudget>> {
  const { maxAccountFailures = 3, reservedAccountFailures = 1, maxAddressFailures = 20 } = options
  const { windowMs = 1_800_000, backoffMs = 1_000 } = options
  const common = { windowMs, pendingWaitMs: backoffMs, pendingMs: PENDING_MS }
  const ofAccount = { ...common, countsUntilQuiet: true }
  return {
    account: { ...ofAccount, maxFailures: maxAccountFailures, backoffMs },
    address: { ...common, maxFailures: maxAddressFailures, backoffMs: 0 },
    own: { ...ofAccount, maxFailures: maxAccountFailures + reservedAccountFailures, backoffMs },
    reserve: { ...ofAccount, maxFailures: reservedAccountFailures, backoffMs: 0 },
  }
}

/** `times`: how many failures it counts as, if `end` is `failed`. */
interface AccountEnd {
  readonly end: AttemptEnd
  readonly times: number
}

function openAttempt(settle: (account: AccountEnd, address: AttemptEnd) => Promise<void>): Attempt {
  let isOpen = true
  const settleOnce = (account: AccountEnd, address: AttemptEnd): Awaitable<void> => {
    if (!isOpen) return
    isOpen = false
    return settle(account, address)
  }
  const end = (account: AttemptEnd, address: AttemptEnd) => (): Awaitable<void> =>
    settleOnce({ end: account, times: 1 }, address)
  return {
    // The address keeps its failures: one known password must not pay for guesses at other accounts.
    succeeded: end('cleared', 'released'),
    failed: (times = 1) => settleOnce({ end: 'failed', times }, 'failed'),
    refused: end('released', 'failed'),
    undecided: end('released', 'released'),
  }
}
