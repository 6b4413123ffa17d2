import type { LookupFunction } from 'node:net'
import { isKdcError, KDC_ERROR, readKdcError } from '../protocol/kdc-error.ts'
import { Krb5Error } from '../protocol/krb5-error.ts'
import { exchange, type KdcExchange, KdcUnreachable } from './kdc-exchange.ts'
import { type KdcFailure, type KdcState, type Noting, note, noteAgain, untilAskedAgain } from './kdc-state.ts'

export interface AskingTerms {
  /** True for a refusal that shuts out an account and that anybody may have forged: a second KDC is asked first. */
  readonly isDoubtful?: (answer: unknown) => boolean
  /** True for the answer of a KDC that could not judge: the next is asked, and if one judges, this one has failed. */
  readonly isUnable?: (answer: unknown) => boolean
  /** Whether each KDC that gets it counts it, like a wrong proof: the next is asked after half of `timeoutMs` only. */
  readonly isCounted?: boolean
  /** Called each time the message is sent to a KDC. */
  readonly onPut?: () => void
  /**
   * Makes the message for a KDC that may have received it already, with a new authenticator (RFC 4120 3.2.2); default:
   * the same message.
   */
  readonly again?: () => Buffer
}

export interface QuestionOptions extends Noting {
  /** For the whole question. */
  readonly timeoutMs: number
  /**
   * After this long without an answer, the next KDC is asked as well; default 1,000. Half of `timeoutMs` if that is
   * less, and for messages that are counted (`isCounted`).
   */
  readonly nextAfterMs?: number
}

/** How names of KDCs are resolved to addresses. */
export interface Resolving {
  readonly lookup: LookupFunction
}

export const DEFAULT_NEXT_AFTER_MS = 1_000
const AGAIN_AFTER_MS = 200
/** At most this many KDCs that cannot judge are asked: the cause may be the account, which anybody can name. */
const MAX_UNABLE = 3

/** The KDC runs, and says that it cannot serve (Heimdal while it starts, AD while it stops). */
const OUT_OF_SERVICE: readonly number[] = [KDC_ERROR.serviceUnavailable]

/** `codes`: the error codes that mean this. */
export function isOutOfService(reply: Buffer, codes = OUT_OF_SERVICE): boolean {
  try {
    return isKdcError(reply) && codes.includes(readKdcError(reply).code)
  } catch {
    return false
  }
}

export const failureOf = (error: unknown): KdcFailure =>
  error instanceof KdcUnreachable ? error.failure : 'not-believed'

/** An answer that is only used if there is no better one. */
interface Poor {
  readonly answer: unknown
  readonly by: KdcState
  readonly isUnable: boolean
}

interface Running {
  readonly state: KdcState
  readonly exchange: KdcExchange
  readonly askedAtMs: number
  /** Its silence was noted. */
  wasSilent: boolean
}

interface Asked<T> extends AskingTerms {
  readonly request: Buffer
  readonly read: (reply: Buffer) => T
}

/** A request, sent to one KDC after another, and once more to each if none has answered. */
export class Question<T> {
  readonly #waiting: KdcState[]
  readonly #asked: Asked<T>
  readonly #options: QuestionOptions & Resolving
  readonly #running = new Set<Running>()
  readonly #result = Promise.withResolvers<T>()
  readonly #deadlineMs: number
  #next: NodeJS.Timeout | undefined
  #patience: NodeJS.Timeout | undefined
  #settled = false
  /** KDCs that were not asked a second time yet. */
  readonly #second: KdcState[]
  #failure: unknown
  /** The answer of one KDC, which no second one has confirmed yet. */
  #poor: Poor | undefined
  /** KDCs that could not judge; whether that counts as their failure is decided at the end. */
  readonly #unable = new Map<KdcState, Running>()

  constructor(order: KdcState[], asked: Asked<T>, options: QuestionOptions & Resolving) {
    this.#waiting = order
    this.#second = [...order]
    this.#asked = asked
    this.#options = options
    this.#deadlineMs = options.monotonic() + options.timeoutMs
  }

  get #nextAfterMs(): number {
    const { nextAfterMs = DEFAULT_NEXT_AFTER_MS, timeoutMs } = this.#options
    // A caller that has less time reaches the next KDC as well.
    return this.#asked.isCounted === true ? timeoutMs / 2 : Math.min(nextAfterMs, timeoutMs / 2)
  }

  answer(): Promise<T> {
    this.#askNext()
    return this.#result.promise
  }

  #askNext(): void {
    clearTimeout(this.#next)
    const state = this.#waiting.shift()
    if (state === undefined) {
      if (this.#running.size === 0) this.#end(() => this.#result.reject(this.#failure))
      return
    }
    const isFirstTime = this.#second.length > 0
    const askedAtMs = this.#options.monotonic()
    const isBeside = [...this.#running].some(one => one.state === state)
    const request = isFirstTime ? this.#asked.request : this.#requestAgain()
    if (request === undefined || (isBeside && untilAskedAgain(state, askedAtMs) > 0)) return this.#askNext()
    const leftMs = Math.max(1, this.#deadlineMs - askedAtMs)
    const asked = exchange(state.address, request, leftMs, this.#options.lookup)
    this.#asked.onPut?.()
    if (isBeside) this.#watchBeside(state, asked)
    const running: Running = { state, exchange: asked, askedAtMs, wasSilent: false }
    this.#running.add(running)
    asked.reply.then(
      reply => this.#consider(running, reply),
      error => this.#failed(running, error),
    )
    const isLast = this.#waiting.length === 0
    if (isLast && (!isFirstTime || this.#asked.isCounted === true)) return
    this.#next = setTimeout(() => {
      // Silent for that long: from now on others come first, also for requests that start in the meantime. The last one
      // may have lost the request, for example because its queue of connections was full.
      if (isLast) return this.#putAgain()
      if (isFirstTime) {
        running.wasSilent = true
        note(state, 'silent', askedAtMs, this.#options)
      }
      this.#askNext()
    }, this.#nextAfterMs)
  }

  /** Sends the request once more, as soon as one of the KDCs may get it beside the message that it has not answered. */
  #putAgain(): void {
    const nowMs = this.#options.monotonic()
    const waitMs = Math.min(...this.#second.map(state => untilAskedAgain(state, nowMs)))
    if (waitMs > 0) {
      this.#next = setTimeout(() => this.#putAgain(), waitMs)
      return
    }
    this.#waiting.push(...this.#second.splice(0))
    this.#askNext()
  }

  /** Undefined if the key of its authenticator has been disposed of, because the caller is gone. */
  #requestAgain(): Buffer | undefined {
    try {
      return this.#asked.again?.() ?? this.#asked.request
    } catch {
      return undefined
    }
  }

  #watchBeside(state: KdcState, { reply }: KdcExchange): void {
    state.isAskedAgain = true
    const over = (helped: boolean) => () => noteAgain(state, helped, this.#options.monotonic())
    reply.then(over(true), over(false))
  }

  #consider(running: Running, reply: Buffer): void {
    if (this.#settled) return
    const { state, askedAtMs } = running
    if (isOutOfService(reply)) return this.#failed(running, new KdcUnreachable('out of service', 'out-of-service'))
    try {
      const value = this.#asked.read(reply)
      note(state, undefined, askedAtMs, this.#options)
      this.#end(() => this.#result.resolve(value))
    } catch (error) {
      if (error instanceof Krb5Error) return this.#failed(running, error)
      const isUnable = this.#asked.isUnable?.(error) === true
      if (isUnable) this.#unable.set(state, running)
      else note(state, undefined, askedAtMs, this.#options)
      if (!isUnable && this.#asked.isDoubtful?.(error) !== true) return this.#end(() => this.#result.reject(error))
      this.#doubt(running, { answer: error, by: state, isUnable })
    }
  }

  /** The judgement of a second KDC is the answer; a doubtful judgement is preferred to that of a KDC that has none. */
  #doubt(running: Running, poor: Poor): void {
    const isConfirmed = this.#poor?.isUnable === false && !poor.isUnable && this.#poor.by !== poor.by
    if (this.#poor?.isUnable !== false || isConfirmed) this.#poor = poor
    if (isConfirmed) return this.#give(poor)
    if (this.#unable.size === MAX_UNABLE) return this.#give(this.#poor ?? poor)
    // A second judgement is waited for as long as any KDC is, and no longer: the caller has no more time than that.
    this.#patience ??= setTimeout(() => this.#give(this.#poor ?? poor), this.#nextAfterMs)
    this.#gone(running)
  }

  #give({ answer, isUnable }: Poor): void {
    this.#end(() => this.#result.reject(answer), isUnable)
  }

  #failed(running: Running, error: unknown): void {
    if (this.#settled) return
    if (!running.wasSilent) note(running.state, failureOf(error), running.askedAtMs, this.#options)
    this.#failure = error
    this.#gone(running)
  }

  /** This exchange is over, without an answer that ends the question. */
  #gone(running: Running): void {
    this.#running.delete(running)
    if (this.#waiting.length > 0) return this.#askNext()
    if (this.#running.size > 0) return
    // No KDC contradicts it.
    if (this.#poor !== undefined) return this.#give(this.#poor)
    const canAskAgain = this.#options.monotonic() + AGAIN_AFTER_MS < this.#deadlineMs && this.#second.length > 0
    if (!canAskAgain) return this.#end(() => this.#result.reject(this.#failure))
    this.#waiting.push(...this.#second.splice(0))
    clearTimeout(this.#next)
    this.#next = setTimeout(() => this.#askNext(), AGAIN_AFTER_MS)
  }

  #end(settle: () => void, isUnable = false): void {
    this.#settled = true
    for (const [state, { askedAtMs }] of this.#unable)
      note(state, isUnable ? undefined : 'out-of-service', askedAtMs, this.#options)
    clearTimeout(this.#next)
    clearTimeout(this.#patience)
    settle()
    for (const { exchange: running } of this.#running) running.abandon()
  }
}
