/**
 * How long somebody may take: so long for each byte, on average, and a grace for what does not come evenly. Whoever is
 * faster than asked does not save up time for later: more than the grace is never left.
 *
 *   deadline  = now + grace                                   when it begins, and after each pause that is not its own
 *   deadline += bytes / rate, and at most now + grace         when bytes have moved
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
  /** Called once, after its deadline; it is not waited for any more then. */
  onTooSlow(): void
}

/** Deadlines are looked at so often: they are late by this much at most. */
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
