/**
 * The personal access tokens seen so far. The tokens are never stored: each is identified by its fingerprint. Only uses
 * that the server accepted are recorded, so that nobody can fill the register with forged tokens or make a network
 * known by trying.
 *
 *   request  --> find()  store, and what was seen since --> the policy judges
 *   response --> see()   kept in memory                 --> flush(), every FLUSH_INTERVAL_MS: one write for many uses
 *
 * A use with news other than its time, and one use an hour, is recorded: every process is told, and reads the token
 * again. The time alone is written once a minute, for many tokens at once, without telling other processes.
 *
 *   unknown --see()--> waiting --flush()--> stored --see()--> waiting, beside what is stored
 *                        |  ^                                    |
 *                        +--+ see(): the uses are merged         +-- find() gives both as one
 *
 * Invariants: a token stops waiting only when exactly what was seen of it has been written; a use in the meantime waits
 * for the next flush. There is one flush at a time. Once MAX_WAITING tokens wait, more are recorded only after a flush.
 */

import { setImmediate as nextTurn } from 'node:timers/promises'
import type { AccountKey } from '../account-key.ts'
import { type Awaitable, after } from '../awaitable.ts'
import type { Clock, Surroundings } from '../clock.ts'
import { unavailable } from '../errors.ts'
import type { Changes } from '../store/changes.ts'
import { ReadCache, type ReadCacheSettings } from '../store/read-cache.ts'
import { NotedUses } from './noted-uses.ts'
import { PatBlocks } from './pat-blocks.ts'
import { mergePats, movedPat, type PatRecord, type PatStore } from './pat-store.ts'
import { type PatNews, type PatUse, tellsMore } from './pat-use.ts'

export const FLUSH_INTERVAL_MS = 10_000
const FORGOTTEN_AFTER_MS = 400 * 86_400_000
const MAX_ROWS = 100_000
/** Most tokens waiting to be written; while the store is unavailable, no more are recorded. */
const MAX_WAITING = 10_000
/** Uses of a token that follow one another within this time, and tell nothing else, are noted as one. */
const NOTED_EVERY_MS = 60_000
/** Written in one piece: a store in the same process holds up requests meanwhile. */
const MAX_WRITTEN = 200

/** What was seen of a token since it was written last. */
interface Waiting {
  readonly seen: PatRecord
  /** Put together with what the store knew then. */
  merged?: { readonly stored: PatRecord | undefined; readonly record: PatRecord }
}

export class PatRegister {
  readonly #store: PatStore
  readonly #changes: Changes
  readonly #now: Clock
  readonly #cache: ReadCache<string, PatRecord>
  readonly #waiting = new Map<string, Waiting>()
  readonly #noted: NotedUses
  readonly #blocks: PatBlocks
  #flushing: Promise<void> | undefined

  constructor(
    store: PatStore,
    settings: Omit<ReadCacheSettings, 'keepsAbsent'>,
    changes: Changes,
    { now, monotonic }: Pick<Surroundings, 'now' | 'monotonic'>,
  ) {
    this.#store = store
    this.#changes = changes
    this.#now = now
    this.#noted = new NotedUses(store)
    this.#blocks = new PatBlocks(store, changes, { now, monotonic })
    const read = (fingerprint: string) => store.readPat(fingerprint)
    // An unknown token is not blocked, and blocks are announced.
    this.#cache = new ReadCache({ ...settings, keepsAbsent: 'always' }, read, monotonic, {})
    changes.subscribe(change => {
      if (change.kind === 'pat') this.#cache.forget(change.fingerprint)
      else if (change.kind === 'pats-changed') this.#cache.expireKeys(change.fingerprints)
      else if (change.kind === 'missed') this.#cache.expire()
    })
  }

  /**
   * What is known of the token. What is found under the fingerprint of an older key is moved to that of the newest, so
   * that it outlives the older key. Synchronous where the store is, or nothing has to be asked. Throws, or rejects
   * with, `store-unavailable`.
   */
  find(fingerprints: readonly string[]): Awaitable<PatRecord | undefined> {
    const [newest, ...older] = fingerprints
    if (newest === undefined) return undefined
    const found = this.#findFrom(0, older, newest)
    return this.#blocks.isEmpty ? found : after(found, known => this.#blocks.correct(fingerprints, known))
  }

  /** Records a use; says what is new about it. Throws, or rejects with, `store-unavailable`. */
  see(fingerprints: readonly string[], use: PatUse): Awaitable<PatNews | undefined> {
    const known = this.find(fingerprints)
    return after(known, settled => this.#record(fingerprints, settled, use))
  }

  /** Tokens of the account, kept under any of the keys, last used first. */
  async of(accountKeys: readonly AccountKey[]): Promise<PatRecord[]> {
    await this.#flushIfRoom()
    const all = (await Promise.all(accountKeys.map(accountKey => this.#store.patsOf(accountKey)))).flat()
    return all
      .map(known => this.#blocks.correct([known.fingerprint], known) ?? known)
      .sort((one, other) => other.lastSeenAtMs - one.lastSeenAtMs)
  }

  /**
   * Blocks a token of the account, or allows it again: true where that changed something. A block needs no room in the
   * store. Rejects with `store-unavailable` where neither the store nor the other processes can be reached.
   */
  async block(accountKeys: readonly AccountKey[], fingerprint: string, isBlocked: boolean): Promise<boolean> {
    await this.#flushIfRoom()
    return isBlocked ? this.#blocks.block(accountKeys, fingerprint) : this.#blocks.allow(accountKeys, fingerprint)
  }

  /** Before the store is closed: until it has what was blocked. */
  settle(signal: AbortSignal): Promise<void> {
    return this.#blocks.settle(signal)
  }

  /** Number of blocked tokens that would pass, because the key of their fingerprints is gone. */
  async countUnrecognised(isRecognisable: (fingerprint: string) => boolean): Promise<number> {
    return (await this.#store.blockedPats()).filter(fingerprint => !isRecognisable(fingerprint)).length
  }

  /** Writes what was seen. Throws, or rejects with, `store-unavailable`: then it is kept for the next time. */
  flush(): Awaitable<void> {
    if (this.#flushing !== undefined) return this.#flushing.then(() => this.flush())
    const all = Array.from(this.#waiting.values(), ({ seen }) => seen)
    const noted = this.#noted.waiting
    if (all.length + noted.length === 0) return
    const writing =
      all.length + noted.length > MAX_WRITTEN
        ? this.#writePieces(all, noted)
        : after(this.#write(all), () => this.#noted.write(noted))
    if (!(writing instanceof Promise)) return
    this.#flushing = writing.finally(() => {
      this.#flushing = undefined
    })
    return this.#flushing
  }

  /** A store that is full has tokens to show, and to block. */
  async #flushIfRoom(): Promise<void> {
    await Promise.try(() => this.flush()).catch(unavailable)
  }

  async #writePieces(all: readonly PatRecord[], noted: NotedUses['waiting']): Promise<void> {
    for (let from = 0; from < all.length; from += MAX_WRITTEN) {
      await this.#write(all.slice(from, from + MAX_WRITTEN))
      await nextTurn()
    }
    for (let from = 0; from < noted.length; from += MAX_WRITTEN) {
      await this.#noted.write(noted.slice(from, from + MAX_WRITTEN))
      await nextTurn()
    }
  }

  #write(records: readonly PatRecord[]): Awaitable<void> {
    if (records.length === 0) return
    return after(this.#store.recordUses(records), () => this.#written(records))
  }

  /** `maxRows`: most tokens remembered. */
  async sweep(nowMs: number, maxRows = MAX_ROWS): Promise<void> {
    await this.flush()
    await this.#store.sweepPats(nowMs - FORGOTTEN_AFTER_MS, maxRows)
  }

  #findFrom(index: number, older: readonly string[], newest: string): Awaitable<PatRecord | undefined> {
    const fingerprint = older[index]
    if (fingerprint === undefined) return this.#at(newest)
    const next = () => this.#findFrom(index + 1, older, newest)
    return after(this.#at(fingerprint), known => (known === undefined ? next() : this.#moved(known, newest, next)))
  }

  /** Continues once it is moved. While the store is unavailable, the records under both are merged as read. */
  #moved(
    known: PatRecord,
    newest: string,
    next: () => Awaitable<PatRecord | undefined>,
  ): Awaitable<PatRecord | undefined> {
    const unmoved = (error: unknown) => {
      unavailable(error)
      return after(next(), fresh => movedPat(fresh, known, newest))
    }
    try {
      const moving = this.#move(known.fingerprint, newest)
      return moving instanceof Promise ? moving.then(next, unmoved) : next()
    } catch (error) {
      return unmoved(error)
    }
  }

  #move(from: string, to: string): Awaitable<void> {
    const publish = () => {
      for (const fingerprint of [from, to]) this.#changes.publish({ kind: 'pat', fingerprint })
    }
    // What waits under the old one must not bring it back.
    return after(this.flush(), () => after(this.#store.movePat(from, to), publish))
  }

  #at(fingerprint: string): Awaitable<PatRecord | undefined> {
    return after(this.#cache.get(fingerprint, fingerprint), stored => {
      const waiting = this.#waiting.get(fingerprint)
      if (waiting === undefined) return stored
      if (waiting.merged === undefined || waiting.merged.stored !== stored)
        waiting.merged = { stored, record: mergePats(stored, waiting.seen) }
      return waiting.merged.record
    })
  }

  #record([fingerprint]: readonly string[], known: PatRecord | undefined, use: PatUse): Awaitable<PatNews | undefined> {
    if (fingerprint === undefined) return undefined
    const { network, clientClass, accountKey } = use
    const now = this.#now()
    const isKnown = known?.networks.some(seen => seen.network === network)
    const record = (): PatNews | undefined => {
      const waiting = this.#waiting.get(fingerprint)?.seen
      const last = waiting ?? known
      const isDue = last !== undefined && now - last.lastSeenAtMs >= NOTED_EVERY_MS
      if (last === undefined || tellsMore(last, use, now) || (isDue && waiting !== undefined)) {
        const networks = [{ network, lastSeenAtMs: now }]
        const seen = { fingerprint, firstSeenAtMs: now, lastSeenAtMs: now, networks, accountKey, isBlocked: false }
        this.#waiting.set(fingerprint, { seen: mergePats(waiting, { ...seen, clientClasses: [clientClass] }) })
      } else if (isDue) this.#note(fingerprint, now)
      if (isKnown === undefined) return 'first_seen'
      return isKnown ? undefined : 'new_network'
    }
    if (this.#waiting.has(fingerprint) || this.#waiting.size < MAX_WAITING) return record()
    return after(this.flush(), record)
  }

  #note(fingerprint: string, atMs: number): void {
    this.#noted.note(fingerprint, atMs)
    this.#cache.amend(fingerprint, known => ({ ...known, lastSeenAtMs: Math.max(atMs, known.lastSeenAtMs) }))
  }

  /** What was seen meanwhile waits for the next time. */
  #written(records: readonly PatRecord[]): void {
    for (const record of records) {
      const { fingerprint } = record
      if (this.#waiting.get(fingerprint)?.seen === record) this.#waiting.delete(fingerprint)
      this.#cache.forget(fingerprint)
    }
  }
}
