import type { Clock, MonotonicClock } from '../clock.ts'

/** What a clock that is adjusted slowly (adjtime(3)) never reaches between two looks. */
const NOTABLE_MS = 2000

/** Notices that the clock was set, by one that never is. */
export class ClockWatch {
  readonly #now: Clock
  readonly #monotonic: MonotonicClock
  #offsetMs: number

  constructor(now: Clock, monotonic: MonotonicClock) {
    this.#now = now
    this.#monotonic = monotonic
    this.#offsetMs = now() - monotonic()
  }

  /** By how many milliseconds it was set since the last look, forwards or back; undefined where it was not. */
  jump(): number | undefined {
    const offsetMs = this.#now() - this.#monotonic()
    const jumpMs = Math.round(offsetMs - this.#offsetMs)
    this.#offsetMs = offsetMs
    return Math.abs(jumpMs) < NOTABLE_MS ? undefined : jumpMs
  }
}
