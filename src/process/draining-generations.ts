/**
 * Generations that a reload has replaced, until their requests in flight have finished. Requests may take as long as
 * `drainTimeoutMs`, and each of several reloads starts workers of its own, so at most `maxDrainingReloads` drain at a
 * time; beyond that, the oldest is ended.
 */
import type { Logger } from 'pino'
import type { Generation } from './worker-generation.ts'

export class DrainingGenerations {
  readonly #log: Logger
  readonly #over: (generation: Generation) => void
  /** In order of replacement, without those ended to make room. */
  readonly #draining = new Set<Generation>()
  readonly #ends = new Set<Promise<void>>()

  /** `over` is called when one has ended. */
  constructor(log: Logger, over: (generation: Generation) => void) {
    this.#log = log
    this.#over = over
  }

  /** Lets it accept no more connections, and end when its requests in flight have finished. */
  add(generation: Generation, delayMs: number): void {
    this.#draining.add(generation)
    const end = generation.drain(delayMs, false).then(() => {
      this.#draining.delete(generation)
      this.#ends.delete(end)
      this.#over(generation)
    })
    this.#ends.add(end)
  }

  /** Ends the oldest, except for the newest `most`. */
  keep(most: number): void {
    for (const oldest of [...this.#draining].slice(0, Math.max(0, this.#draining.size - most))) {
      this.#draining.delete(oldest)
      for (const { pid } of oldest.workers) this.#log.warn({ 'event.action': 'drain-cut', 'torhaus.worker': pid })
      void oldest.kill()
    }
  }

  /** Resolves when all have ended. */
  async ended(): Promise<void> {
    await Promise.all(this.#ends)
  }
}
