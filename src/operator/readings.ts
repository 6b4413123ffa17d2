/** What was counted a minute ago, two minutes ago, and so on up to an hour: so that a page without script shows now. */
import type { Clock } from '../clock.ts'
import type { Snapshot } from './figures.ts'

export interface Reading {
  readonly atMs: number
  readonly metrics: Snapshot
}

const EVERY_MS = 60_000
/** With the one that ends the hour. */
const KEPT = 61

/** What the page shows of before; all else it shows as it is. */
const NAMES = new Set([
  ...['torhaus_requests_total', 'torhaus_admissions_total', 'torhaus_sign_ins_total', 'torhaus_store_errors_total'],
  ...['torhaus_decision_duration_seconds', 'torhaus_upstream_first_byte_seconds', 'torhaus_request_duration_seconds'],
])

export class Readings implements Disposable {
  readonly #read: () => Promise<Snapshot>
  readonly #now: Clock
  /** The oldest first. */
  readonly #past: Reading[] = []
  readonly #timer: NodeJS.Timeout

  /** Reads every minute while `isWanted`. */
  constructor(read: () => Promise<Snapshot>, isWanted: () => boolean, now: Clock) {
    this.#read = read
    this.#now = now
    this.#timer = setInterval(() => {
      if (isWanted()) void this.#keep()
    }, EVERY_MS).unref()
  }

  /** The readings of the last hour, the oldest first, and one of now. */
  async all(): Promise<{ readonly past: readonly Reading[]; readonly now: Reading }> {
    return { past: [...this.#past], now: { atMs: this.#now(), metrics: await this.#read() } }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  async #keep(): Promise<void> {
    const atMs = this.#now()
    const metrics = await this.#read().catch(() => undefined)
    if (metrics === undefined) return
    this.#past.push({ atMs, metrics: metrics.filter(({ name }) => NAMES.has(name)) })
    if (this.#past.length > KEPT) this.#past.shift()
  }
}
