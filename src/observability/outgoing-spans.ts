/**
 * What an exchange asks of others on its way, for its spans. Whose question it is says the context in which it is asked
 * (AsyncLocalStorage), so that no store and no client is handed an exchange. Made only where `tracing` asks for it.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { MonotonicClock } from '../clock.ts'
import type { ExchangeTrace } from './exchange-record.ts'

/** The server asked. */
export type Asked = 'kdc' | 'op' | 'store'

export class OutgoingSpans {
  readonly #monotonic: MonotonicClock
  readonly #exchange = new AsyncLocalStorage<ExchangeTrace>()

  constructor(monotonic: MonotonicClock) {
    this.#monotonic = monotonic
  }

  /** What `run` asks, and what follows from it, is asked by that exchange. */
  within(trace: ExchangeTrace | undefined, run: () => void): void {
    if (trace === undefined) run()
    else this.#exchange.run(trace, run)
  }

  /** A question has just ended. One that no exchange has asked, such as a heartbeat, is nobody's. */
  ended(what: Asked, seconds: number, isFailed: boolean): void {
    this.#exchange.getStore()?.onAsked?.(what, seconds, isFailed)
  }

  /** The same function, and each call is a question. */
  asking<Args extends readonly unknown[], T>(
    what: Asked,
    ask: (...args: Args) => Promise<T>,
  ): (...args: Args) => Promise<T> {
    return async (...args) => {
      const beganAtMs = this.#monotonic()
      let isFailed = true
      try {
        const answer = await ask(...args)
        isFailed = false
        return answer
      } finally {
        this.ended(what, (this.#monotonic() - beganAtMs) / 1000, isFailed)
      }
    }
  }
}
