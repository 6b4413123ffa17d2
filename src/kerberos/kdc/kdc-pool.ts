import type { KdcAddress } from '../../../config/kdc-address.ts'
import type { MonotonicClock } from '../../clock.ts'
import { isKdcError, KDC_ERROR, readKdcError } from '../protocol/kdc-error.ts'
import { Krb5Error } from '../protocol/krb5-error.ts'
import { exchange, type KdcExchange, KdcUnreachable } from './kdc-exchange.ts'
import type { KdcLocator } from './kdc-locator.ts'
import {
  byHope,
  isSameKdc,
  type KdcFailure,
  type KdcState,
  nameOfKdc,
  newKdcState,
  noteAnswer,
  noteFailure,
} from './kdc-state.ts'

// All KDCs of the realm as one to ask:
//
//   first one -- no answer for a second, or it failed --> next one -- ... --> last one
//       |                                                     |
//       +------------- whoever answers first, with a message that is believed, ends it
//
// A silent KDC is not waited for: the next is asked beside it. What comes second is dropped. Where all have failed at
// once, as when the only one restarts, they are asked once more. One that failed and has rested is tried beside the next
// question, with a message of no consequence, so that nobody waits for it and its return is noticed.

/** What became of one message to one KDC. */
export interface KdcSeen {
  /** `dc1.corp.test:88`. */
  readonly kdc: string
  /** From the connection to the answer, or to where it was given up. */
  readonly seconds: number
  /** Undefined: it answered, if only to refuse. */
  readonly failure: KdcFailure | undefined
}

/** A message that every KDC answers, and that changes and counts nothing there. */
export interface KdcProbe {
  request(): Buffer
  /** Throws a `Krb5Error` where this is no answer of a KDC. */
  read(reply: Buffer): void
}

export interface KdcPoolOptions {
  readonly locator: KdcLocator
  /** For the whole question. */
  readonly timeoutMs: number
  /** After so long without an answer the next KDC is asked, too; default 1,000. */
  readonly nextAfterMs?: number
  /** How one that failed is tried again. Without it, it is asked only when all others fail. */
  readonly probe?: KdcProbe
  readonly onSeen?: (seen: KdcSeen) => void
  readonly monotonic: MonotonicClock
}

export interface AskingTerms {
  /** Of an answer that anybody can have written and that shuts somebody out: a second KDC is asked before it counts. */
  readonly isDoubtful?: (answer: unknown) => boolean
  /** By each KDC that gets it, as a wrong proof is: a slow one is waited for until half of the time is over. */
  readonly isCounted?: boolean
}

export interface KdcPool {
  /**
   * Asks until a KDC gives an answer that `read` makes sense of. A `Krb5Error` of `read` means that this KDC is not to
   * be believed, so the next is asked; whatever else it throws is the answer. Throws why the last one failed:
   * `KdcUnreachable`, or the disbelief.
   */
  ask<T>(request: Buffer, read: (reply: Buffer) => T, terms?: AskingTerms): Promise<T>
  states(): readonly Readonly<KdcState>[]
}

export function createKdcPool(options: KdcPoolOptions): KdcPool {
  const { locator, monotonic } = options
  let states: readonly KdcState[] = []
  let located: readonly KdcAddress[] | undefined
  const known = async (): Promise<readonly KdcState[]> => {
    const addresses = await locator.addresses()
    // DNS gives the same ones in another order each time: what is known of them stays.
    if (addresses !== located)
      states = addresses.map(to => states.find(({ address }) => isSameKdc(address, to)) ?? newKdcState(to))
    located = addresses
    return states
  }
  return {
    async ask(request, read, terms = {}) {
      const order = byHope(await known(), monotonic())
      const [first] = order
      if (first === undefined) throw new KdcUnreachable('no KDC is known for the realm')
      for (const state of order) if (state !== first) tryAgain(state, options)
      return new Question(order, { ...terms, request, read }, options).answer()
    },
    states: () => states,
  }
}

const DEFAULT_NEXT_AFTER_MS = 1_000
const AGAIN_AFTER_MS = 200

/** Where one that failed has rested, it is seen whether it is back. */
function tryAgain(state: KdcState, options: KdcPoolOptions): void {
  const { probe, monotonic, nextAfterMs = DEFAULT_NEXT_AFTER_MS } = options
  const askedAtMs = monotonic()
  if (probe === undefined || state.failures === 0 || state.restUntilMs > askedAtMs) return
  // Once: questions that begin meanwhile find it resting.
  state.restUntilMs = askedAtMs + nextAfterMs
  const answered = exchange(state.address, probe.request(), nextAfterMs).reply.then(reply => {
    if (isOutOfService(reply)) throw new KdcUnreachable('out of service', 'out-of-service')
    probe.read(reply)
  })
  answered.then(
    () => note(state, undefined, askedAtMs, options),
    error => note(state, failureOf(error), askedAtMs, options),
  )
}

/** It lives, and says that it cannot serve (heimdal's answer while it starts, AD's while it stops). */
function isOutOfService(reply: Buffer): boolean {
  try {
    return isKdcError(reply) && readKdcError(reply).code === KDC_ERROR.serviceUnavailable
  } catch {
    return false
  }
}

const failureOf = (error: unknown): KdcFailure => (error instanceof KdcUnreachable ? error.failure : 'not-believed')

function note(
  state: KdcState,
  failure: KdcFailure | undefined,
  askedAtMs: number,
  { monotonic, onSeen }: KdcPoolOptions,
): void {
  const nowMs = monotonic()
  if (failure === undefined) noteAnswer(state)
  else noteFailure(state, failure, askedAtMs, nowMs)
  onSeen?.({ kdc: nameOfKdc(state.address), seconds: (nowMs - askedAtMs) / 1000, failure })
}

interface Running {
  readonly exchange: KdcExchange
  readonly askedAtMs: number
  /** Its silence was noted. */
  wasSilent: boolean
}

interface Asked<T> extends AskingTerms {
  readonly request: Buffer
  readonly read: (reply: Buffer) => T
}

/** One question, put to one KDC after the other. */
class Question<T> {
  readonly #waiting: KdcState[]
  readonly #asked: Asked<T>
  readonly #options: KdcPoolOptions
  readonly #running = new Map<KdcState, Running>()
  readonly #result = Promise.withResolvers<T>()
  readonly #deadlineMs: number
  #next: NodeJS.Timeout | undefined
  #patience: NodeJS.Timeout | undefined
  #settled = false
  readonly #second: KdcState[]
  #failure: unknown
  /** Given by one KDC, and not yet by a second. */
  #doubtful: { readonly answer: unknown } | undefined

  constructor(order: KdcState[], asked: Asked<T>, options: KdcPoolOptions) {
    this.#waiting = order
    this.#second = [...order]
    this.#asked = asked
    this.#options = options
    this.#deadlineMs = options.monotonic() + options.timeoutMs
  }

  get #nextAfterMs(): number {
    const { nextAfterMs = DEFAULT_NEXT_AFTER_MS, timeoutMs } = this.#options
    return this.#asked.isCounted === true ? Math.max(nextAfterMs, timeoutMs / 2) : nextAfterMs
  }

  answer(): Promise<T> {
    this.#askNext()
    return this.#result.promise
  }

  #askNext(): void {
    clearTimeout(this.#next)
    const state = this.#waiting.shift()
    if (state === undefined) return
    const askedAtMs = this.#options.monotonic()
    const asked = exchange(state.address, this.#asked.request, Math.max(1, this.#deadlineMs - askedAtMs))
    const running: Running = { exchange: asked, askedAtMs, wasSilent: false }
    this.#running.set(state, running)
    asked.reply.then(
      reply => this.#consider(state, running, reply),
      error => this.#failed(state, running, error),
    )
    if (this.#waiting.length > 0) {
      this.#next = setTimeout(() => {
        // Silent for that long: others first from now on, also for questions that begin meanwhile.
        running.wasSilent = true
        note(state, 'silent', askedAtMs, this.#options)
        this.#askNext()
      }, this.#nextAfterMs)
    }
  }

  #consider(state: KdcState, running: Running, reply: Buffer): void {
    if (this.#settled) return
    if (isOutOfService(reply))
      return this.#failed(state, running, new KdcUnreachable('out of service', 'out-of-service'))
    try {
      const value = this.#asked.read(reply)
      note(state, undefined, running.askedAtMs, this.#options)
      this.#end(() => this.#result.resolve(value))
    } catch (error) {
      if (error instanceof Krb5Error) return this.#failed(state, running, error)
      note(state, undefined, running.askedAtMs, this.#options)
      if (this.#doubtful !== undefined || this.#asked.isDoubtful?.(error) !== true)
        return this.#end(() => this.#result.reject(error))
      this.#doubtful = { answer: error }
      // A second opinion is worth as long as a KDC is waited for, and no longer: the caller has no more time than that.
      this.#patience = setTimeout(() => this.#end(() => this.#result.reject(error)), this.#nextAfterMs)
      this.#gone(state)
    }
  }

  #failed(state: KdcState, running: Running, error: unknown): void {
    if (this.#settled) return
    if (!running.wasSilent) note(state, failureOf(error), running.askedAtMs, this.#options)
    this.#failure = error
    this.#gone(state)
  }

  /** Nothing more is to come from that one. */
  #gone(state: KdcState): void {
    this.#running.delete(state)
    if (this.#waiting.length > 0) return this.#askNext()
    if (this.#running.size > 0) return
    const { answer } = this.#doubtful ?? {}
    // Nobody says otherwise.
    if (this.#doubtful !== undefined) return this.#end(() => this.#result.reject(answer))
    const canAskAgain = this.#options.monotonic() + AGAIN_AFTER_MS < this.#deadlineMs && this.#second.length > 0
    if (!canAskAgain) return this.#end(() => this.#result.reject(this.#failure))
    this.#waiting.push(...this.#second.splice(0))
    this.#next = setTimeout(() => this.#askNext(), AGAIN_AFTER_MS)
  }

  #end(settle: () => void): void {
    this.#settled = true
    clearTimeout(this.#next)
    clearTimeout(this.#patience)
    settle()
    for (const { exchange: running } of this.#running.values()) running.abandon()
  }
}
