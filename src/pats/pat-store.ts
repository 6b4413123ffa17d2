/**
 * What is stored about a personal access token. The token itself is never stored; its fingerprint identifies it.
 * Several processes share one store.
 */

import type { AccountKey } from '../account-key.ts'
import type { Awaitable } from '../awaitable.ts'
import type { ClientClass } from '../http/client-class.ts'
import type { BlockedPat } from '../store/changes.ts'

/** Most networks remembered of one token; the one used longest ago goes first. */
export const MAX_NETWORKS = 8

export interface SeenNetwork {
  /** Address prefix, e.g. `192.0.2.0/24`. */
  readonly network: string
  readonly lastSeenAtMs: number
}

export interface PatRecord {
  readonly fingerprint: string
  readonly firstSeenAtMs: number
  readonly lastSeenAtMs: number
  /** Last used first. */
  readonly networks: readonly SeenNetwork[]
  readonly clientClasses: readonly ClientClass[]
  /** The owner, if the origin server has named one. */
  readonly accountKey: AccountKey | undefined
  readonly isBlocked: boolean
}

export interface PatStore {
  readPat(fingerprint: string): Awaitable<PatRecord | undefined>
  /** Merges uses into the known records; whether a token is blocked stays unchanged. Idempotent. */
  recordUses(uses: Iterable<PatRecord>): Awaitable<void>
  /** Uses that told nothing but when: of each token, when it was last. A later time that is known may be lost. */
  noteUses(lastSeenAtMs: ReadonlyMap<string, number>): Awaitable<void>
  /** Last used first. */
  patsOf(accountKey: AccountKey): Awaitable<PatRecord[]>
  /** When its owner last blocked it or allowed it again; 0: never. */
  decidedAtMs(fingerprint: string): Awaitable<number>
  /** True where the account has such a token, and that changed something; then `decidedAtMs` is kept. */
  blockPat(accountKey: AccountKey, fingerprint: string, isBlocked: boolean, decidedAtMs: number): Awaitable<boolean>
  /**
   * Makes a block that the store did not take, or may have lost, unless a decision of the same time or later is kept. A
   * token that is not known, since its record was lost as well, is recorded.
   */
  blockPatLate(block: BlockedPat): Awaitable<void>
  /**
   * What is known under one fingerprint is known under the other from now on: all at once, together with what is known
   * there already. Blocked under either is blocked. Nothing where nothing is known.
   */
  movePat(from: string, to: string): Awaitable<void>
  /** Fingerprints of all that are blocked. */
  blockedPats(): Awaitable<string[]>
  /**
   * Forgets what was not seen since then. Above `maxRows`: first those of which nobody has said whose they are, then the
   * oldest. Blocked ones are kept past their time, and go last.
   */
  sweepPats(seenBeforeMs: number, maxRows: number): Awaitable<void>
}

/** What is known of a token by its block alone. */
export const blockedUnseen = ({ accountKey, fingerprint, decidedAtMs }: BlockedPat): PatRecord => ({
  ...{ fingerprint, accountKey, firstSeenAtMs: decidedAtMs, lastSeenAtMs: decidedAtMs },
  ...{ networks: [], clientClasses: [], isBlocked: false },
})

/**
 * What both records say of one token. `isUse`: the networks of `seen` are those in use now, and make no room for others
 * whatever their time: the clock may have been set back.
 */
export function mergePats(known: PatRecord | undefined, seen: PatRecord, isUse = true): PatRecord {
  if (known === undefined) return seen
  const times = new Map(known.networks.map(({ network, lastSeenAtMs }) => [network, lastSeenAtMs]))
  for (const { network, lastSeenAtMs } of seen.networks)
    times.set(network, Math.max(lastSeenAtMs, times.get(network) ?? 0))
  const networks = Array.from(times, ([network, lastSeenAtMs]) => ({ network, lastSeenAtMs })).sort(lastFirst)
  const used = networks.filter(({ network }) => isUse && seen.networks.some(other => other.network === network))
  const kept = [...new Set([...used, ...networks])].slice(0, MAX_NETWORKS)
  return {
    fingerprint: known.fingerprint,
    firstSeenAtMs: Math.min(known.firstSeenAtMs, seen.firstSeenAtMs),
    lastSeenAtMs: Math.max(known.lastSeenAtMs, seen.lastSeenAtMs),
    networks: networks.filter(known => kept.includes(known)),
    clientClasses: [...new Set([...known.clientClasses, ...seen.clientClasses])],
    accountKey: seen.accountKey ?? known.accountKey,
    isBlocked: known.isBlocked,
  }
}

const lastFirst = (one: SeenNetwork, other: SeenNetwork) => other.lastSeenAtMs - one.lastSeenAtMs

/** What is known under `to` once what was known elsewhere has moved there. Blocked under either is blocked. */
export const movedPat = (known: PatRecord | undefined, moved: PatRecord, to: string): PatRecord => ({
  ...mergePats(known, moved, false),
  fingerprint: to,
  isBlocked: moved.isBlocked || known?.isBlocked === true,
})
