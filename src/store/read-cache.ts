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

/** How long a value is valid at most if no change of it is announced, in milliseconds. */
export const MAX_LASTS_MS = 300_000

export interface ReadCacheSettings {
  /** How long an answer is used without asking again, in milliseconds. */
  readonly cacheMs: number
  readonly maxCached: number
  /** How long an answer is used while the store is unavailable, in seconds; default: not at all. */
  readonly graceSeconds?: number
  /**
   * The monotonic time up to which all changes of the store are known. An answer without a change since is valid while
   * that time is at most `cacheMs` ago, and at most for `lastsMs`. If undefined, only `cacheMs` counts.
   */
  readonly knownUntilMs?: (() => number) | undefined
  /** In milliseconds; default: `cacheMs`. If a change is missed unnoticed, it takes effect after this time. */
  readonly lastsMs?: number
  /**
   * Whether absence is cached: like any other answer, or only while changes are announced, so that none was made
   * since. Default: it is asked for each time.
   */
  readonly keepsAbsent?: 'always' | 'while told'
}

interface Entry<V> {
  value: V
  /** When it was read or last known to be current. The grace period begins then. */
  readAtMs: number
  freshUntilMs: number
  /** Valid until then unless a change is announced. */
  lastsUntilMs: number
}

interface Absent<S> extends Entry<undefined> {
  readonly subject: S
}

/** Interval between attempts to reach an unavailable store, in milliseconds; meanwhile the answer is used. */
const RETRY_MS = 1000

/** `S`: the subject of a key, passed to `read`. `By`: names of the properties by which changes identify values. */
export class ReadCache<S, V extends object, By extends string = never> {
  readonly #settings: ReadCacheSettings
  readonly #read: (subject: S) => Awaitable<V | undefined>
  readonly #renew: (known: V, read: V) => V
  readonly #monotonic: MonotonicClock
  readonly #present: IndexedMap<Entry<V>, By>
  /** Separate, so that made-up keys do not displace known ones. */
  readonly #absent: IndexedMap<Absent<S>, By>
  /** Reads in progress whose answers will be current. */
  #underWay = new Map<string, Promise<V | undefined>>()
  /** Number of calls that forgot something. */
  #forgotten = 0

  /**
   * `foundBy`: the indexed properties, equal for all values of a key. `renew`: what to keep when a key is read again;
   * default: the new value. `absentBy`: the properties of a value of that subject, to index cached absence.
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

  /** Synchronous if the answer is cached or the store is synchronous. Throws, or rejects with, what `read` does. */
  get(key: string, subject: S): Awaitable<V | undefined> {
    const now = this.#monotonic()
    const known = this.#present.get(key)
    if (known !== undefined && (now < known.freshUntilMs || this.#lasts(known, now))) return known.value
    const absent = this.#absent.get(key)
    if (absent !== undefined && (now < absent.freshUntilMs || this.#lasts(absent, now))) return undefined
    return this.#underWay.get(key) ?? this.#ask(key, subject, now)
  }

  /** The value of the key has changed, or may have. */
  forget(key: string): void {
    this.#present.delete(key)
    this.#absent.delete(key)
    this.#forgotten++
    this.#abandon()
  }

  /** Like `forget`, for all values with that property, including those being read, which may have it. */
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

  /** Changes a cached value in a way that other processes are not told of. Does nothing if it is not cached. */
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

  /** The values that fit have changed, or may have: they are read again. Visits every value. */
  expireWhere(fits: (value: V) => boolean): void {
    for (const entry of this.#present.values()) if (fits(entry.value)) expire(entry)
    this.#abandon()
  }

  /** Changes may have been missed: all is read again. Old values are only used while the store is unavailable. */
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

  /** Never replaces a known value, which may have been read later. */
  #keepExpired(key: string, subject: S, value: V | undefined, readAtMs: number): void {
    if (this.#present.get(key) !== undefined || this.#absent.get(key) !== undefined) return
    this.#keep(key, subject, value, readAtMs)
    expire(this.#present.get(key))
    expire(this.#absent.get(key))
  }

  /** The earlier answer, if the store is unavailable and the grace period has not ended; otherwise throws. */
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

  /** Whether the entry is still valid because no change was announced; then it is as current as the announcements. */
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
