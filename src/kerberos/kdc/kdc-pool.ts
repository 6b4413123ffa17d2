import { isKdcError, KDC_ERROR, readKdcError } from '../protocol/kdc-error.ts'
import { Krb5Error } from '../protocol/krb5-error.ts'
import { exchange, type KdcExchange, KdcUnreachable } from './kdc-exchange.ts'
import type { KdcLocator } from './kdc-locator.ts'
import { byHope, type KdcState, newKdcState, noteAnswer, noteFailure } from './kdc-state.ts'

// All KDCs of the realm as one to ask:
//
//   first one -- no answer for a second, or it failed --> next one -- ... --> last one
//       |                                                     |
//       +------------- whoever answers first, with a message that is believed, ends it
//
// A silent KDC is not waited for: the next is asked beside it. What comes second is dropped. Where all have failed at
// once, as when the only one restarts, they are asked once more.

export interface KdcPoolOptions {
  readonly locator: KdcLocator
  /** For the whole question. */
  readonly timeoutMs: number
  /** After so long without an answer the next KDC is asked, too; default 1,000. */
  readonly nextAfterMs?: number
  readonly now: () => number
}

export interface KdcPool {
  /**
   * Asks until a KDC gives an answer that `read` makes sense of. A `Krb5Error` of `read` means that this KDC is not to
   * be believed, so the next is asked; whatever else it throws is the answer. Throws why the last one failed:
   * `KdcUnreachable`, or the disbelief.
   */
  ask<T>(request: Buffer, read: (reply: Buffer) => T): Promise<T>
  states(): readonly Readonly<KdcState>[]
}

export function createKdcPool(options: KdcPoolOptions): KdcPool {
  const { locator, now } = options
  let states: readonly KdcState[] = []
  const known = async (): Promise<readonly KdcState[]> => {
    const addresses = await locator.addresses()
    const isSame = states.length === addresses.length && states.every(({ address }, i) => address === addresses[i])
    if (!isSame) states = addresses.map(newKdcState)
    return states
  }
  return {
    async ask(request, read) {
      const order = byHope(await known(), now())
      if (order.length === 0) throw new KdcUnreachable('no KDC is known for the realm')
      return new Question(order, request, read, options).answer()
    },
    states: () => states,
  }
}

const DEFAULT_NEXT_AFTER_MS = 1_000
const AGAIN_AFTER_MS = 200

/** One question, put to one KDC after the other. */
class Question<T> {
  readonly #waiting: KdcState[]
  readonly #request: Buffer
  readonly #read: (reply: Buffer) => T
  readonly #options: KdcPoolOptions
  readonly #running = new Map<KdcState, KdcExchange>()
  readonly #result = Promise.withResolvers<T>()
  readonly #deadlineMs: number
  #next: NodeJS.Timeout | undefined
  #settled = false
  readonly #second: KdcState[]
  #failure: unknown

  constructor(order: KdcState[], request: Buffer, read: (reply: Buffer) => T, options: KdcPoolOptions) {
    this.#waiting = order
    this.#second = [...order]
    this.#request = request
    this.#read = read
    this.#options = options
    this.#deadlineMs = options.now() + options.timeoutMs
  }

  answer(): Promise<T> {
    this.#askNext()
    return this.#result.promise
  }

  #askNext(): void {
    clearTimeout(this.#next)
    const state = this.#waiting.shift()
    if (state === undefined) return
    const running = exchange(state.address, this.#request, Math.max(1, this.#deadlineMs - this.#options.now()))
    this.#running.set(state, running)
    running.reply.then(
      reply => this.#consider(state, reply),
      error => this.#failed(state, error),
    )
    if (this.#waiting.length > 0) {
      this.#next = setTimeout(() => {
        // Silent for that long: others first from now on, also for questions that begin meanwhile.
        noteFailure(state, this.#options.now())
        this.#askNext()
      }, this.#options.nextAfterMs ?? DEFAULT_NEXT_AFTER_MS)
    }
  }

  #consider(state: KdcState, reply: Buffer): void {
    if (this.#settled) return
    try {
      // It lives, and says that it cannot serve: another may (heimdal's answer while it starts, AD's while it stops).
      if (isKdcError(reply) && readKdcError(reply).code === KDC_ERROR.serviceUnavailable) {
        return this.#failed(state, new KdcUnreachable('out of service'))
      }
      const value = this.#read(reply)
      noteAnswer(state)
      this.#end(() => this.#result.resolve(value))
    } catch (error) {
      if (error instanceof Krb5Error) return this.#failed(state, error)
      noteAnswer(state)
      this.#end(() => this.#result.reject(error))
    }
  }

  #failed(state: KdcState, error: unknown): void {
    if (this.#settled) return
    this.#running.delete(state)
    noteFailure(state, this.#options.now())
    this.#failure = error
    if (this.#waiting.length > 0) return this.#askNext()
    if (this.#running.size > 0) return
    const canAskAgain = this.#options.now() + AGAIN_AFTER_MS < this.#deadlineMs && this.#second.length > 0
    if (!canAskAgain) return this.#end(() => this.#result.reject(this.#failure))
    this.#waiting.push(...this.#second.splice(0))
    this.#next = setTimeout(() => this.#askNext(), AGAIN_AFTER_MS)
  }

  #end(settle: () => void): void {
    this.#settled = true
    clearTimeout(this.#next)
    settle()
    for (const running of this.#running.values()) running.abandon()
  }
}
