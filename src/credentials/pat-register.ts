/**
 * Personal access tokens seen, never stored: each is known by its fingerprint. Only what the server accepted is noted, so
 * that nobody fills the register with made-up tokens, or makes a network known by trying.
 *
 *   request  --> find()  store, and what was seen since --> the policy judges
 *   response --> see()   kept in memory                 --> flush(), every FLUSH_INTERVAL_MS: one write for many uses
 */
import type { Clock } from '../clock.ts'
import type { ClientClass } from '../http/client-class.ts'
import type { Awaitable } from '../session/store.ts'
import type { Changes } from '../store/changes.ts'
import { ReadCache, type ReadCacheSettings } from '../store/read-cache.ts'
import { mergePats, movedPat, type PatRecord, type PatStore } from './pat-store.ts'

/** One use that the server accepted. */
export interface PatUse {
  readonly network: string
  readonly clientClass: ClientClass
  readonly account: string | undefined
}

/** What a use told that was not known before. */
export type PatNews = 'first_seen' | 'new_network'

export const FLUSH_INTERVAL_MS = 10_000
const FORGOTTEN_AFTER_MS = 400 * 86_400_000
const MAX_ROWS = 100_000
/** Most tokens waiting to be written; while the store is away, no more are noted. */
const MAX_WAITING = 10_000

export class PatRegister {
  readonly #store: PatStore
  readonly #changes: Changes
  readonly #now: Clock
  readonly #cache: ReadCache<string, PatRecord>
  readonly #waiting = new Map<string, PatRecord>()
  #flushing: Promise<void> | undefined

  constructor(store: PatStore, settings: Omit<ReadCacheSettings, 'keepsAbsent'>, changes: Changes, now: Clock) {
    this.#store = store
    this.#changes = changes
    this.#now = now
    const read = (fingerprint: string) => store.readPat(fingerprint)
    // What is not known is not blocked either; a block tells of itself.
    this.#cache = new ReadCache({ ...settings, keepsAbsent: true }, read, now)
    changes.subscribe(change => {
      if (change.kind === 'pat') this.#cache.forget(change.fingerprint)
      else if (change.kind === 'missed') this.#cache.expire()
    })
  }

  /**
   * What is known of the token. What is found under the fingerprint of an older key is moved to that of the newest, so that
   * it outlives the older key. Throws, or rejects with, `store-unavailable`.
   */
  find([newest, ...older]: readonly string[]): Awaitable<PatRecord | undefined> {
    if (newest === undefined) return undefined
    return older.length === 0 ? this.#at(newest) : this.#gather(newest, older)
  }

  /** Notes a use; says what is new about it. Throws, or rejects with, `store-unavailable`. */
  see(fingerprints: readonly string[], use: PatUse): Awaitable<PatNews | undefined> {
    const known = this.find(fingerprints)
    return known instanceof Promise
      ? known.then(settled => this.#note(fingerprints, settled, use))
      : this.#note(fingerprints, known, use)
  }

  /** Tokens of the account, last used first. */
  async of(account: string): Promise<PatRecord[]> {
    await this.flush()
    return this.#store.patsOf(account)
  }

  /** Blocks a token of the account, or allows it again: true where that changed something. */
  async block(account: string, fingerprint: string, isBlocked: boolean): Promise<boolean> {
    await this.flush()
    const changed = await this.#store.blockPat(account, fingerprint, isBlocked)
    this.#changes.publish({ kind: 'pat', fingerprint })
    return changed
  }

  /** How many blocked tokens would pass, since nobody can tell that they are the ones: the key of their fingerprint is gone. */
  async countUnrecognised(isRecognisable: (fingerprint: string) => boolean): Promise<number> {
    return (await this.#store.blockedPats()).filter(fingerprint => !isRecognisable(fingerprint)).length
  }

  /** Writes what was seen. Throws, or rejects with, `store-unavailable`: then it is kept for the next time. */
  flush(): Awaitable<void> {
    if (this.#flushing !== undefined) return this.#flushing.then(() => this.flush())
    if (this.#waiting.size === 0) return
    const written = [...this.#waiting.values()]
    const writing = this.#store.addSightings(written)
    if (!(writing instanceof Promise)) return this.#written(written)
    this.#flushing = writing
      .then(() => this.#written(written))
      .finally(() => {
        this.#flushing = undefined
      })
    return this.#flushing
  }

  /** `maxRows`: most tokens remembered. */
  async sweep(maxRows = MAX_ROWS): Promise<void> {
    await this.flush()
    await this.#store.sweepPats(this.#now() - FORGOTTEN_AFTER_MS, maxRows)
  }

  #at(fingerprint: string): Awaitable<PatRecord | undefined> {
    const conclude = (stored: PatRecord | undefined) => {
      const waiting = this.#waiting.get(fingerprint)
      return waiting === undefined ? stored : mergePats(stored, waiting)
    }
    const stored = this.#cache.get(fingerprint, fingerprint)
    return stored instanceof Promise ? stored.then(conclude) : conclude(stored)
  }

  async #gather(newest: string, older: readonly string[]): Promise<PatRecord | undefined> {
    let known = await this.#at(newest)
    for (const fingerprint of older) {
      const found = await this.#at(fingerprint)
      if (found === undefined) continue
      known = movedPat(known, found, newest)
      // What cannot be moved now counts all the same, and is moved when it is seen the next time.
      await this.#move(fingerprint, newest).catch(() => undefined)
    }
    return known
  }

  async #move(from: string, to: string): Promise<void> {
    // What waits under the old one must not bring it back.
    await this.flush()
    await this.#store.movePat(from, to)
    for (const fingerprint of [from, to]) this.#changes.publish({ kind: 'pat', fingerprint })
  }

  #note(
    fingerprints: readonly string[],
    known: PatRecord | undefined,
    { network, clientClass, account }: PatUse,
  ): Awaitable<PatNews | undefined> {
    const [fingerprint] = fingerprints
    if (fingerprint === undefined) return undefined
    const now = this.#now()
    const networks = [{ network, lastSeenAtMs: now }]
    const sighting = { fingerprint, firstSeenAtMs: now, lastSeenAtMs: now, networks, account, isBlocked: false }
    const note = (): PatNews | undefined => {
      const waiting = this.#waiting.get(fingerprint)
      this.#waiting.set(fingerprint, mergePats(waiting, { ...sighting, clientClasses: [clientClass] }))
      if (known === undefined) return 'first_seen'
      return known.networks.some(seen => seen.network === network) ? undefined : 'new_network'
    }
    if (this.#waiting.has(fingerprint) || this.#waiting.size < MAX_WAITING) return note()
    const flushed = this.flush()
    return flushed instanceof Promise ? flushed.then(note) : note()
  }

  /** What was seen meanwhile waits for the next time. */
  #written(records: readonly PatRecord[]): void {
    for (const record of records) {
      const { fingerprint } = record
      if (this.#waiting.get(fingerprint) === record) this.#waiting.delete(fingerprint)
      this.#cache.forget(fingerprint)
    }
  }
}
