/** What the store accepted within the last minute: a replica that becomes master lacks at most the last seconds. */
import { BoundedMap } from '../bounded-map.ts'
import type { MonotonicClock } from '../clock.ts'

const LATELY_MS = 60_000
const MAX_LATELY = 10_000

export class LatelyStored<T> {
  readonly #monotonic: MonotonicClock
  readonly #stored = new BoundedMap<string, { readonly what: T; readonly atMs: number }>(MAX_LATELY)
  #prunedAtMs: number

  constructor(monotonic: MonotonicClock) {
    this.#monotonic = monotonic
    this.#prunedAtMs = monotonic()
  }

  note(id: string, what: T): void {
    const atMs = this.#monotonic()
    this.#stored.set(id, { what, atMs })
    if (atMs - this.#prunedAtMs < LATELY_MS) return
    this.#prunedAtMs = atMs
    this.#stored.deleteWhere(stored => !this.#isLately(stored))
  }

  forget(id: string): void {
    this.#stored.delete(id)
  }

  /** In the order of `note`. */
  all(): T[] {
    return [...this.#stored.values()].filter(stored => this.#isLately(stored)).map(({ what }) => what)
  }

  #isLately({ atMs }: { readonly atMs: number }): boolean {
    return this.#monotonic() - atMs < LATELY_MS
  }
}
