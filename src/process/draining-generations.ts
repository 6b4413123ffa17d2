/**
 * Generations that a reload has replaced, each until it has finished what it had in flight. Requests may take as long as
 * `drainTimeoutMs` allows and reloads may come one after the other, each with workers of its own: so there are
 * `maxDrainingReloads` at a time, and for one more the oldest is ended.
 */
import type { Logger } from 'pino'
import type { Generation } from './worker-generation.ts'

export class DrainingGenerations {
  readonly #log: Logger
  readonly #over: (generation: Generation) => void
  /** In the order in which they were replaced; without those that were ended to make room. */
  readonly #draining = new Set<Generation>()
  readonly #ends = new Set<Promise<void>>()

  /** `over`: told when one has ended. */
  constructor(log: Logger, over: (generation: Generation) => void) {
    this.#log = log
    this.#over = over
  }

  /** It takes no more connections, and ends when it has finished what is in flight. */
  add(generation: Generation, delayMs: number): void {
    this.#draining.add(generation)
    const end = generation.drain(delayMs, false).then(() => {
      this.#draining.delete(generation)
      this.#ends.delete(end)
      this.#over(generation)
    })
    this.#ends.add(end)
  }

  /** Ends the oldest, but for so many. */
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
