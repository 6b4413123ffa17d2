/**
 * Personal access tokens seen, never stored: each is known by its fingerprint. Only what the server accepted is noted, so
 * that nobody fills the register with made-up tokens, or makes a network known by trying.
 *
 *   request  --> find()  store, and what was seen since --> the policy judges
 *   response --> see()   kept in memory                 --> flush(), every FLUSH_INTERVAL_MS: one write for many uses
 */
import { BoundedMap } from '../bounded-map.ts'
import type { Clock } from '../clock.ts'
import type { ClientClass } from '../http/client-class.ts'
import type { Changes } from '../store/changes.ts'
import { mergePats, type PatRecord, type PatStore } from './pat-store.ts'

export interface PatRegisterSettings {
  /** How long a record read from the store is believed, in milliseconds. */
  readonly cacheMs: number
  readonly maxCached: number
}

/** One use that the server accepted. */
export interface PatUse {
  readonly network: string
  readonly clientClass: ClientClass
  readonly account: string | undefined
}

/** What a use told that was not known before. */
export type PatNews = 'first_seen' | 'new_network'

interface Cached {
  readonly record: PatRecord
  readonly readAtMs: number
}

export const FLUSH_INTERVAL_MS = 10_000
const FORGOTTEN_AFTER_MS = 400 * 86_400_000
const MAX_ROWS = 100_000
/** Most tokens waiting to be written; while the store is away, no more are noted. */
const MAX_WAITING = 10_000

export class PatRegister {
  readonly #store: PatStore
  readonly #settings: PatRegisterSettings
  readonly #changes: Changes
  readonly #now: Clock
  readonly #cache: BoundedMap<string, Cached>
  #waiting = new Map<string, PatRecord>()

  constructor(store: PatStore, settings: PatRegisterSettings, changes: Changes, now: Clock) {
    this.#store = store
    this.#settings = settings
    this.#changes = changes
    this.#now = now
    this.#cache = new BoundedMap(settings.maxCached)
    changes.subscribe(change => {
      if (change.kind === 'pat') this.#cache.delete(change.fingerprint)
    })
  }

  /**
   * What is known of the token. What is found under the fingerprint of an older key is moved to that of the newest, so that
   * it outlives the older key. Throws `store-unavailable`.
   */
  find([newest, ...older]: readonly string[]): PatRecord | undefined {
    if (newest === undefined) return undefined
    for (const fingerprint of older) if (this.#at(fingerprint) !== undefined) this.#move(fingerprint, newest)
    return this.#at(newest)
  }

  /** Notes a use; says what is new about it. Throws `store-unavailable`. */
  see(fingerprints: readonly string[], { network, clientClass, account }: PatUse): PatNews | undefined {
    const known = this.find(fingerprints)
    const [fingerprint] = fingerprints
    if (fingerprint === undefined) return undefined
    const now = this.#now()
    const waiting = this.#waiting.get(fingerprint)
    if (waiting === undefined && this.#waiting.size >= MAX_WAITING) this.flush()
    const networks = [{ network, lastSeenAtMs: now }]
    this.#waiting.set(
      fingerprint,
      mergePats(waiting, {
        ...{ fingerprint, firstSeenAtMs: now, lastSeenAtMs: now, networks, account },
        clientClasses: [clientClass],
        isBlocked: false,
      }),
    )
    if (known === undefined) return 'first_seen'
    return known.networks.some(seen => seen.network === network) ? undefined : 'new_network'
  }

  /** Tokens of the account, last used first. */
  of(account: string): PatRecord[] {
    this.flush()
    return this.#store.patsOf(account)
  }

  /** Blocks a token of the account, or allows it again: true where that changed something. */
  block(account: string, fingerprint: string, isBlocked: boolean): boolean {
    this.flush()
    const changed = this.#store.blockPat(account, fingerprint, isBlocked)
    this.#changes.publish({ kind: 'pat', fingerprint })
    return changed
  }

  /** How many blocked tokens would pass, since nobody can tell that they are the ones: the key of their fingerprint is gone. */
  countUnrecognised(isRecognisable: (fingerprint: string) => boolean): number {
    return this.#store.blockedPats().filter(fingerprint => !isRecognisable(fingerprint)).length
  }

  /** Writes what was seen. Throws `store-unavailable`: then it is kept for the next time. */
  flush(): void {
    if (this.#waiting.size === 0) return
    this.#store.addSightings(this.#waiting.values())
    for (const fingerprint of this.#waiting.keys()) this.#cache.delete(fingerprint)
    this.#waiting = new Map()
  }

  /** `maxRows`: most tokens remembered. */
  sweep(maxRows = MAX_ROWS): void {
    this.flush()
    this.#store.sweepPats(this.#now() - FORGOTTEN_AFTER_MS, maxRows)
  }

  #at(fingerprint: string): PatRecord | undefined {
    const stored = this.#read(fingerprint)
    const waiting = this.#waiting.get(fingerprint)
    return waiting === undefined ? stored : mergePats(stored, waiting)
  }

  #move(from: string, to: string): void {
    // What waits under the old one must not bring it back.
    this.flush()
    this.#store.movePat(from, to)
    for (const fingerprint of [from, to]) this.#changes.publish({ kind: 'pat', fingerprint })
  }

  #read(fingerprint: string): PatRecord | undefined {
    const now = this.#now()
    const cached = this.#cache.get(fingerprint)
    if (cached !== undefined && now - cached.readAtMs < this.#settings.cacheMs) return cached.record
    const record = this.#store.readPat(fingerprint)
    if (record === undefined) this.#cache.delete(fingerprint)
    else this.#cache.set(fingerprint, { record, readAtMs: now })
    return record
  }
}
