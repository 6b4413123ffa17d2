/**
 * A cache of what was read from a store, so that values needed all the time do not cost one read per request.
 *
 *   read at        + cacheMs                  + graceSeconds
 *     |-- answered --|-- read again ------------|-- read again
 *        at once         store away: answered      store away: the fault
 *
 * If the store announces changes, a value is used until a change of it is announced; see `knownUntilMs`.
 *
 * The clock is monotonic, because a value must not become younger when somebody sets the time.
 *
 * A value whose read began before its key was forgotten is given to the caller but not kept, because it may be what was
 * taken back. If the key only expired meanwhile, the value is kept as one that has expired, too: it is read again, and
 * believed only while the store is away.
 */

import type { Awaitable } from '../awaitable.ts'
import type { MonotonicClock } from '../clock.ts'
import { Fault } from '../errors.ts'
import { IndexedMap } from './indexed-map.ts'

/** How long what was read counts while no change of it is told, at most. */
export const MAX_LASTS_MS = 300_000

export interface ReadCacheSettings {
  /** How long an answer is believed without asking again, in milliseconds. */
  readonly cacheMs: number
  readonly maxCached: number
  /** How long one is believed while the store is away, in seconds; none: not at all. */
  readonly graceSeconds?: number
  /**
   * Until when all changes of the store were told; monotonic. An answer that was read and not taken back since counts
   * as long as that is no longer ago than `cacheMs`, and for `lastsMs` at most. Without, `cacheMs` alone counts.
   */
  readonly knownUntilMs?: (() => number) | undefined
  /** In milliseconds; default: `cacheMs`. Should a change be missed and nobody notice, it counts after so long. */
  readonly lastsMs?: number
  /**
   * Whether "there is none" is an answer to keep: as any other, or as long only as changes are told and so none was made
   * since. Otherwise it is asked again each time.
   */
  readonly keepsAbsent?: 'always' | 'while told'
}

interface Entry<V> {
  value: V
  /** When it was read, or was as good as that. The grace counts from then. */
  readAtMs: number
  freshUntilMs: number
  /** Until then it counts while nothing else is told. */
  lastsUntilMs: number
}

interface Absent<S> extends Entry<undefined> {
  readonly subject: S
}

/** While the store is away, an answer is believed for so long before the store is tried again, in milliseconds. */
const RETRY_MS = 1000

/** `S`: what a key stands for, as `read` wants it. `By`: names of the properties by which changes tell of values. */
export class ReadCache<S, V extends object, By extends string = never> {
  readonly #settings: ReadCacheSettings
  readonly #read: (subject: S) => Awaitable<V | undefined>
  readonly #renew: (known: V, read: V) => V
  readonly #monotonic: MonotonicClock
  readonly #present: IndexedMap<Entry<V>, By>
  /** Apart, so that made-up keys push out no one who is known. */
  readonly #absent: IndexedMap<Absent<S>, By>
  /** Whose answer will be fresh. */
  #underWay = new Map<string, Promise<V | undefined>>()
  /** How often something was forgotten. */
  #forgotten = 0

  /**
   * `foundBy`: each property of a value, the same for all values of a key. `renew`: what to keep when a key is read
   * again; by default what was read. `absentBy`: what a value of that subject would be found by, where absence is kept.
   */
  constructor(
    settings: ReadCacheSettings,
    read: (subject: S) => Awaitable<V | undefined>,
    monotonic: MonotonicClock,
    foundBy: Readonly<Record<By, (value: V) => string>>,
    renew: (known: V, read: V) => V = (_known, read) => read,
    absentBy: Partial<Readonly<Record<By, (subject: S) => string>>> = {},
  ) {
    this.#settings = settings
    this.#read = read
    this.#monotonic = monotonic
    this.#renew = renew
    const ofEntries = Object.entries<(value: V) => string>(foundBy).map(([by, of]) => [by, entryProperty(of)])
    this.#present = new IndexedMap(settings.maxCached, Object.fromEntries(ofEntries))
    const ofAbsent = Object.entries<(subject: S) => string>(absentBy as Record<By, (subject: S) => string>)
    const found = ofAbsent.map(([by, of]) => [by, ({ subject }: Absent<S>) => of(subject)])
    this.#absent = new IndexedMap(settings.maxCached, Object.fromEntries(found))
  }

  /** Synchronous where the answer is fresh, or the store is. Throws, or rejects with, what `read` does. */
  get(key: string, subject: S): Awaitable<V | undefined> {
    const now = this.#monotonic()
    const known = this.#present.get(key)
    if (known !== undefined && (now < known.freshUntilMs || this.#lasts(known, now))) return known.value
    const absent = this.#absent.get(key)
    if (absent !== undefined && (now < absent.freshUntilMs || this.#lasts(absent, now))) return undefined
    return this.#underWay.get(key) ?? this.#ask(key, subject, now)
  }

  /** The key's value has changed, or may have. */
  forget(key: string): void {
    this.#present.delete(key)
    this.#absent.delete(key)
    this.#forgotten++
    this.#abandon()
  }

  /** As `forget`, for all values with that property; those that are being read may have it, too. */
  forgetBy(by: By, property: string): void {
    for (const key of this.#present.keysBy(by, property)) this.#present.delete(key)
    for (const key of this.#absent.keysBy(by, property)) this.#absent.delete(key)
    this.#forgotten++
    this.#abandon()
  }

  /** The values of these keys have changed, or may have: they are read again. */
  expireKeys(keys: Iterable<string>): void {
    for (const key of keys) {
      expire(this.#present.get(key))
      expire(this.#absent.get(key))
    }
    this.#abandon()
  }

  /** What is kept of a value changes in what nobody else is told of. Where nothing is kept, nothing does. */
  amend(key: string, amended: (value: V) => V): void {
    const entry = this.#present.get(key)
    if (entry !== undefined) entry.value = amended(entry.value)
  }

  /** All values with one of these properties have changed, or may have: they are read again. */
  expireBy(by: By, properties: Iterable<string>): void {
    for (const property of properties) {
      for (const key of this.#present.keysBy(by, property)) expire(this.#present.get(key))
      for (const key of this.#absent.keysBy(by, property)) expire(this.#absent.get(key))
    }
    this.#abandon()
  }

  /** The values that fit have changed, or may have: they are read again. Looks at every value. */
  expireWhere(fits: (value: V) => boolean): void {
    for (const entry of this.#present.values()) if (fits(entry.value)) expire(entry)
    this.#abandon()
  }

  /** Changes may have been missed: everything is read again, and believed as before only while the store is away. */
  expire(): void {
    for (const entry of this.#present.values()) expire(entry)
    for (const entry of this.#absent.values()) expire(entry)
    this.#abandon()
  }

  #ask(key: string, subject: S, now: number): Awaitable<V | undefined> {
    const [underWay, forgotten] = [this.#underWay, this.#forgotten]
    let answer: Awaitable<V | undefined>
    try {
      answer = this.#read(subject)
    } catch (error) {
      return this.#believe(key, error)
    }
    if (!(answer instanceof Promise)) return this.#keep(key, subject, answer, now)
    const settled = answer
      .then(
        value => {
          if (underWay === this.#underWay) return this.#keep(key, subject, value, now)
          if (forgotten === this.#forgotten) this.#keepExpired(key, subject, value, now)
          return value
        },
        error => this.#believe(key, error),
      )
      .finally(() => underWay.delete(key))
    underWay.set(key, settled)
    return settled
  }

  #keep(key: string, subject: S, value: V | undefined, readAtMs: number): V | undefined {
    const { cacheMs, lastsMs = cacheMs, keepsAbsent } = this.#settings
    const [freshUntilMs, lastsUntilMs] = [readAtMs + cacheMs, readAtMs + lastsMs]
    if (value === undefined) {
      this.#present.delete(key)
      const times = { readAtMs, freshUntilMs: keepsAbsent === 'always' ? freshUntilMs : 0, lastsUntilMs }
      if (keepsAbsent !== undefined) this.#absent.set(key, { subject, value, ...times })
      return undefined
    }
    const known = this.#present.get(key)
    if (known === undefined) {
      this.#present.set(key, { value, readAtMs, freshUntilMs, lastsUntilMs })
      this.#absent.delete(key)
      return value
    }
    known.value = this.#renew(known.value, value)
    known.readAtMs = readAtMs
    known.freshUntilMs = freshUntilMs
    known.lastsUntilMs = lastsUntilMs
    return known.value
  }

  /** Nothing of a key that is known is replaced: what was read since may be newer. */
  #keepExpired(key: string, subject: S, value: V | undefined, readAtMs: number): void {
    if (this.#present.get(key) !== undefined || this.#absent.get(key) !== undefined) return
    this.#keep(key, subject, value, readAtMs)
    expire(this.#present.get(key))
    expire(this.#absent.get(key))
  }

  /** What was read before, where the store is away and that is not too long ago. */
  #believe(key: string, error: unknown): V | undefined {
    const now = this.#monotonic()
    const absent = this.#settings.keepsAbsent === 'always' ? this.#absent.get(key) : undefined
    const known = this.#present.get(key) ?? absent
    const endMs = (known?.readAtMs ?? 0) + (this.#settings.graceSeconds ?? 0) * 1000
    if (known === undefined || now >= endMs || !(error instanceof Fault) || error.code !== 'store-unavailable')
      throw error
    known.freshUntilMs = Math.min(now + RETRY_MS, endMs)
    return known.value
  }

  /** What it said when it was read, it says still: as good as read when changes were told last. */
  #lasts(entry: Entry<unknown>, now: number): boolean {
    const { cacheMs, knownUntilMs } = this.#settings
    if (knownUntilMs === undefined || now >= entry.lastsUntilMs) return false
    const toldUntilMs = knownUntilMs()
    if (now - toldUntilMs >= cacheMs) return false
    entry.readAtMs = Math.max(entry.readAtMs, toldUntilMs)
    return true
  }

  #abandon(): void {
    if (this.#underWay.size > 0) this.#underWay = new Map()
  }
}

const entryProperty =
  <V>(of: (value: V) => string) =>
  ({ value }: Entry<V>) =>
    of(value)

function expire(entry: Entry<unknown> | undefined): void {
  if (entry === undefined) return
  entry.freshUntilMs = 0
  entry.lastsUntilMs = 0
}
