import type { Clock, MonotonicClock } from '../clock.ts'

/** More than gradual adjustment (adjtime(3)) changes between two calls. */
const NOTABLE_MS = 2000

/** Detects that the clock was set, by comparing it with the monotonic clock. */
export class ClockWatch {
  readonly #now: Clock
  readonly #monotonic: MonotonicClock
  #offsetMs: number

  constructor(now: Clock, monotonic: MonotonicClock) {
    this.#now = now
    this.#monotonic = monotonic
    this.#offsetMs = now() - monotonic()
  }

  /** By how many milliseconds the clock was set since the last call, forwards or back; undefined if it was not. */
  jump(): number | undefined {
    const offsetMs = this.#now() - this.#monotonic()
    const jumpMs = Math.round(offsetMs - this.#offsetMs)
    this.#offsetMs = offsetMs
    return Math.abs(jumpMs) < NOTABLE_MS ? undefined : jumpMs
  }
}
