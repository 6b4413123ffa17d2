/**
 * Limits requests to an average rate and a burst with the generic cell rate algorithm (ITU-T I.371): one number per
 * client or account. The longest idle are forgotten first, and start anew with a full burst.
 */
import { BoundedMap } from '../bounded-map.ts'
import type { MonotonicClock } from '../clock.ts'

export interface RequestRateSettings {
  readonly perSecond: number
  /** Maximum number of requests at once. */
  readonly burst: number
}

/** Maximum number of keys remembered; beyond it, the one used longest ago is removed. */
const MAX_REMEMBERED = 100_000

export class RequestRate {
  readonly #monotonic: MonotonicClock
  readonly #intervalMs: number
  readonly #toleranceMs: number
  /** When the next request would be due if requests were evenly spaced. */
  readonly #dueAtMs = new BoundedMap<string, number>(MAX_REMEMBERED)

  constructor({ perSecond, burst }: RequestRateSettings, monotonic: MonotonicClock) {
    this.#monotonic = monotonic
    this.#intervalMs = 1000 / perSecond
    this.#toleranceMs = this.#intervalMs * (burst - 1)
  }

  /** Counts a request. Returns undefined within the limit, otherwise the seconds until there is room for one. */
  take(who: string): number | undefined {
    const now = this.#monotonic()
    const dueAtMs = Math.max(this.#dueAtMs.get(who) ?? 0, now)
    const waitMs = dueAtMs - this.#toleranceMs - now
    if (waitMs > 0) return Math.ceil(waitMs / 1000)
    this.#dueAtMs.set(who, dueAtMs + this.#intervalMs)
    return undefined
  }
}
