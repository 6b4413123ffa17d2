/**
 * So many requests a second on average, and so many at once: the generic cell rate algorithm (ITU-T I.371), one number
 * for each who asks. Whoever has not asked for long is forgotten, and starts anew with everything allowed.
 */
import { BoundedMap } from '../bounded-map.ts'
import type { MonotonicClock } from '../clock.ts'

export interface RequestRateSettings {
  readonly perSecond: number
  /** Most at once. */
  readonly burst: number
}

/** Most who are remembered; the one that asked longest ago makes room. */
const MAX_REMEMBERED = 100_000

export class RequestRate {
  readonly #monotonic: MonotonicClock
  readonly #intervalMs: number
  readonly #toleranceMs: number
  /** When the next request would be due, came they evenly. */
  readonly #dueAtMs = new BoundedMap<string, number>(MAX_REMEMBERED)

  constructor({ perSecond, burst }: RequestRateSettings, monotonic: MonotonicClock) {
    this.#monotonic = monotonic
    this.#intervalMs = 1000 / perSecond
    this.#toleranceMs = this.#intervalMs * (burst - 1)
  }

  /** Counts a request. A number: it is one too many, and after so many seconds there is room for one. */
  take(who: string): number | undefined {
    const now = this.#monotonic()
    const dueAtMs = Math.max(this.#dueAtMs.get(who) ?? 0, now)
    const waitMs = dueAtMs - this.#toleranceMs - now
    if (waitMs > 0) return Math.ceil(waitMs / 1000)
    this.#dueAtMs.set(who, dueAtMs + this.#intervalMs)
    return undefined
  }
}
