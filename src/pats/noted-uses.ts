/** Last-use times of tokens that are yet to be written, if the use had nothing else new. Many are written at once. */
import { type Awaitable, after } from '../awaitable.ts'
import type { PatStore } from './pat-store.ts'

/** Most tokens whose last use waits, such as while the store is unavailable; others are noted at a later use. */
const MAX_NOTED = 10_000

export class NotedUses {
  readonly #store: Pick<PatStore, 'noteUses'>
  /** By fingerprint. */
  readonly #lastSeenAtMs = new Map<string, number>()

  constructor(store: Pick<PatStore, 'noteUses'>) {
    this.#store = store
  }

  note(fingerprint: string, atMs: number): void {
    if (this.#lastSeenAtMs.size < MAX_NOTED || this.#lastSeenAtMs.has(fingerprint))
      this.#lastSeenAtMs.set(fingerprint, atMs)
  }

  /** What waits, as pairs for `write`. */
  get waiting(): readonly (readonly [string, number])[] {
    return [...this.#lastSeenAtMs]
  }

  /** A use that came meanwhile waits for the next time. Throws, or rejects with, `store-unavailable`. */
  write(noted: readonly (readonly [string, number])[]): Awaitable<void> {
    if (noted.length === 0) return
    return after(this.#store.noteUses(new Map(noted)), () => {
      for (const [fingerprint, atMs] of noted)
        if (this.#lastSeenAtMs.get(fingerprint) === atMs) this.#lastSeenAtMs.delete(fingerprint)
    })
  }
}
