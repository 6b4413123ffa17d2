import type { IncomingMessage } from 'node:http'
import { type Code, Fault } from '../errors.ts'
import { MAX_TRAILER_FIELDS } from '../http/trailer-limit.ts'
import type { KeptContent } from './kept-content.ts'
import type { Paced, PaceKeeper, PaceSettings } from './pace.ts'

/**
 * How much of an unwanted request content is read and thrown away, in bytes, so that the client gets to read the
 * answer.
 */
const MAX_DRAINED_BYTES = 64 * 1024 * 1024
const MAX_DRAIN_MS = 30_000

/** Who takes the content. Of the last two, one is called at most, and nothing after it. */
export interface ContentReceiver {
  /** False: no more before `resume`. */
  onContentData(chunk: Buffer): boolean
  onContentEnd(): void
  onContentError(fault: Fault): void
}

/**
 * The content of a request on its way to the upstream. It stands between the client's message and the upstream client
 * so that giving up one does not destroy the other: when the upstream answers early, the rest of the content can still
 * be read from the client, and the connection stays in step (RFC 9112 9.3).
 */
export class RequestContent implements Paced {
  readonly #message: IncomingMessage
  readonly #mayForward: (name: string) => boolean
  readonly #keeper: PaceKeeper
  readonly #pace: PaceSettings
  #receiver: ContentReceiver | undefined
  #isReading = false
  /** Read before there was anybody to take it. */
  #ahead: readonly Buffer[] = []
  readonly #kept: KeptContent | undefined
  isComplete = false
  bytes = 0
  deadlineMs = Number.POSITIVE_INFINITY

  /** `mayForward`: whether a trailer field of that name may go on. `kept`: where it may have to be sent again. */
  constructor(
    message: IncomingMessage,
    mayForward: (name: string) => boolean,
    keeper: PaceKeeper,
    pace: PaceSettings,
    kept: KeptContent | undefined,
  ) {
    this.#message = message
    this.#mayForward = mayForward
    this.#kept = kept
    this.#keeper = keeper
    this.#pace = pace
  }

  /** Whether `start` can begin from the first byte. */
  get isWhole(): boolean {
    return this.bytes === 0 || this.#kept?.chunks !== undefined
  }

  /** Monotonic: the end of the time for which the client has sent enough. Undefined: it is not waited for. */
  get onPaceUntilMs(): number | undefined {
    return this.deadlineMs === Number.POSITIVE_INFINITY ? undefined : this.deadlineMs - this.#pace.graceMs
  }

  /** Trailer fields (RFC 9110 6.5), once the content has ended: name, value, name, value. */
  get trailers(): readonly string[] {
    const raw = this.#message.rawTrailers
    return raw.filter((_, index) => this.#mayForward(raw[index - (index % 2)] ?? ''))
  }

  /** From now on the content is read from the client, and handed over; first what is here of it. */
  start(receiver: ContentReceiver): void {
    this.#receiver = receiver
    // What was read ahead goes first: its memory is freed once it is written, and a second attempt needs what is kept.
    const ahead = this.#ahead.length > 0 ? this.#ahead : (this.#kept?.chunks ?? [])
    this.#ahead = []
    let goesOn = true
    for (const chunk of ahead) goesOn = receiver.onContentData(chunk)
    // Who looked for content ahead, and found none, has come to its end.
    this.isComplete ||= this.#message.readableEnded
    if (this.isComplete) return this.#end()
    if (!this.#isReading) {
      this.#isReading = true
      this.#message.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onClose)
      if (this.#pace.minRate > 0) this.#keeper.add(this)
    }
    if (goesOn) this.resume()
  }

  /** Keeps what has arrived for the one that takes the rest. */
  keep(chunks: Buffer[]): void {
    this.#ahead = chunks
  }

  resume(): void {
    if (this.#receiver === undefined || this.isComplete) return
    this.deadlineMs = this.#keeper.monotonic() + this.#pace.graceMs
    this.#message.resume()
  }

  /** Nothing more is handed over. What is left stays with the client. */
  stop(): void {
    this.#receiver = undefined
    this.#ahead = []
    this.#stopReading()
    if (!this.#message.readableEnded) this.#message.pause()
  }

  onTooSlow(): void {
    this.#giveUp('request-content-too-slow')
  }

  #end(): void {
    const receiver = this.#receiver
    this.#receiver = undefined
    if (this.#message.rawTrailers.length <= 2 * MAX_TRAILER_FIELDS) receiver?.onContentEnd()
    else receiver?.onContentError(new Fault('too-many-fields'))
  }

  #giveUp(code: Code): void {
    const receiver = this.#receiver
    this.stop()
    receiver?.onContentError(new Fault(code))
  }

  #stopReading(): void {
    if (!this.#isReading) return
    this.#isReading = false
    this.#keeper.remove(this)
    this.#message.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose)
  }

  readonly #onData = (chunk: Buffer): void => {
    this.bytes += chunk.length
    this.#kept?.add(chunk)
    const now = this.#keeper.monotonic()
    const earned = this.deadlineMs + (chunk.length * 1000) / this.#pace.minRate
    this.deadlineMs = Math.min(earned, now + this.#pace.graceMs)
    if (this.#receiver?.onContentData(chunk) !== false) return
    this.#message.pause()
    // The receiver is too slow now, not the sender.
    this.deadlineMs = Number.POSITIVE_INFINITY
  }

  readonly #onEnd = (): void => {
    this.isComplete = true
    this.#stopReading()
    this.#end()
  }

  readonly #onClose = (): void => {
    if (!this.#message.complete) this.#giveUp('request-content-aborted')
  }
}

/**
 * Reads and throws away what is left of a request whose answer was sent, within bounds; past them the connection is
 * closed. Closing at once would reset the connection, and the client might never see the answer.
 */
export function drainRequest(message: IncomingMessage): void {
  if (message.complete || message.destroyed) return
  let bytes = 0
  const give = () => message.socket.destroy()
  const timer = setTimeout(give, MAX_DRAIN_MS).unref()
  message.once('close', () => clearTimeout(timer)).once('end', () => clearTimeout(timer))
  message.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > MAX_DRAINED_BYTES) give()
  })
  message.resume()
}
