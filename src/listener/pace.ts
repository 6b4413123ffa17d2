/**
 * A deadline from a minimum average rate, plus a grace period for uneven transfers. A fast sender cannot save up time
 * for later: the time left never exceeds the grace period.
 *
 *   deadline  = now + grace                                   at the start, and after each pause caused by the other side
 *   deadline += bytes / rate, but at most now + grace         when bytes have moved
 */
import type { MonotonicClock } from '../clock.ts'

export interface PaceSettings {
  /** Bytes a second; 0: any. */
  readonly minRate: number
  readonly graceMs: number
}

/** Somebody who is waited for. */
export interface Paced {
  /** Monotonic. */
  readonly deadlineMs: number
  /** Called once, after its deadline; it is then no longer watched. */
  onTooSlow(): void
}

/** Interval of checking deadlines, and so their maximum delay. */
const TICK_MS = 250

export class PaceKeeper {
  readonly monotonic: MonotonicClock
  readonly #waitedFor = new Set<Paced>()
  #tick: NodeJS.Timeout | undefined

  constructor(monotonic: MonotonicClock) {
    this.monotonic = monotonic
  }

  add(paced: Paced): void {
    this.#tick ??= setInterval(this.#expire, TICK_MS).unref()
    this.#waitedFor.add(paced)
  }

  remove(paced: Paced): void {
    this.#waitedFor.delete(paced)
  }

  close(): void {
    clearInterval(this.#tick)
  }

  readonly #expire = (): void => {
    const now = this.monotonic()
    for (const paced of this.#waitedFor) {
      if (now < paced.deadlineMs) continue
      this.#waitedFor.delete(paced)
      paced.onTooSlow()
    }
  }
}
