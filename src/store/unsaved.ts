/** Offers what a store has not accepted to it again, in rounds, until it has accepted everything. */
import { setTimeout as sleep } from 'node:timers/promises'

const RETRY_MS = 500

export abstract class Unsaved {
  #next: NodeJS.Timeout | undefined
  #isOver = false

  /** Number of items held. */
  protected abstract count(): number

  /** Offers all of them once. Never rejects. */
  protected abstract offer(): Promise<void>

  /** Retries until the store has all of them or `signal` aborts; nothing is offered after that. */
  async settle(signal: AbortSignal): Promise<void> {
    await this.offer()
    while (this.count() > 0 && !signal.aborted) {
      await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined)
      await this.offer()
    }
    this.#isOver = true
    clearTimeout(this.#next)
  }

  protected offerLater(afterMs = RETRY_MS): void {
    if (this.#isOver) return
    this.#next ??= setTimeout(() => {
      this.#next = undefined
      void this.offer().then(() => {
        if (this.count() > 0) this.offerLater()
      })
    }, afterMs).unref()
  }
}
