/**
 * How much the event loop has to do, and how late it is. Reading forgets nothing, whoever reads how often: the
 * supervisor does every few seconds, and Prometheus when it likes.
 */
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import type { MonotonicClock } from '../clock.ts'

interface Delays {
  readonly p99: number
  readonly max: number
}

/** Interval of a timer, whose delay shows how long a request may wait. */
const RESOLUTION_MS = 20
/** A minute in all. */
const WINDOW_MS = 10_000
const WINDOWS = 6

export class EventLoop {
  readonly #monotonic: MonotonicClock
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  /** Of windows that are over, oldest first. */
  readonly #past: Delays[] = []
  #windowSinceMs: number

  constructor(monotonic: MonotonicClock) {
    this.#monotonic = monotonic
    this.#windowSinceMs = monotonic()
    this.#histogram.enable()
  }

  /** Since the start of the process. */
  busySeconds(): number {
    return performance.eventLoopUtilization().active / 1000
  }

  /** The worst of the last minute. */
  delays(): Delays {
    const current = this.#current()
    const all = [...this.#past, current]
    if (this.#monotonic() - this.#windowSinceMs >= WINDOW_MS) {
      this.#past.push(current)
      if (this.#past.length > WINDOWS) this.#past.shift()
      this.#histogram.reset()
      this.#windowSinceMs = this.#monotonic()
    }
    return { p99: Math.max(...all.map(({ p99 }) => p99)), max: Math.max(...all.map(({ max }) => max)) }
  }

  #current(): Delays {
    // Nothing was counted yet.
    if (this.#histogram.count === 0) return { p99: 0, max: 0 }
    return { p99: delaySeconds(this.#histogram.percentile(99)), max: delaySeconds(this.#histogram.max) }
  }
}

/** Beyond the time that the timer was to wait. */
const delaySeconds = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1000)
