/**
 * A request on its way in. Content from an unidentified client is buffered up to a bound before the request takes a
 * connection to the server, so that a client that sends slowly occupies only its own connection. Longer content is
 * streamed from there on.
 */
import type { IncomingMessage } from 'node:http'
import { Fault } from '../errors.ts'
import type { FairLedger } from '../fair-ledger.ts'
import type { AwaitedContent } from './awaited-content.ts'
import { KeptContent } from './kept-content.ts'
import type { PaceKeeper, PaceSettings } from './pace.ts'
import { type ContentReceiver, RequestContent } from './request-content.ts'
import type { Share, Standing } from './share.ts'

/** What clients may take, in time and memory. */
export interface IntakeLimits {
  readonly keeper: PaceKeeper
  /** How slowly they may send, and read. */
  readonly sending: PaceSettings
  readonly reading: PaceSettings
  /** In both directions, for unproven clients. */
  readonly unproven: PaceSettings
  /** Buffered content of all unproven clients together, by sender. */
  readonly ledger: FairLedger<string>
  /** Most kept of one. */
  readonly maxBytes: number
  /** Of these, what is still to come. */
  readonly awaited: AwaitedContent
}

/** Exactly one of the two is called, unless `release` is before. */
export interface IntakeEvents {
  /** All is here, or as much as is kept. */
  onReady(): void
  onError(fault: Fault): void
}

export class Intake implements ContentReceiver {
  /** Null: the request has no content. */
  readonly content: RequestContent | null
  readonly #share: Share
  readonly #limits: IntakeLimits
  #events: IntakeEvents | undefined
  #chunks: Buffer[] = []
  #keptBytes = 0
  #isReady = false

  /**
   * `mayForward`: see `RequestContent`. Undefined: there is no content. `isRepeatable`: it may be sent a second time.
   */
  constructor(
    message: IncomingMessage,
    mayForward: ((name: string) => boolean) | undefined,
    share: Share,
    limits: IntakeLimits,
    isRepeatable: boolean,
  ) {
    const pace = share.isProven ? limits.sending : limits.unproven
    const kept = isRepeatable && mayForward !== undefined ? new KeptContent() : undefined
    this.content = mayForward === undefined ? null : new RequestContent(message, mayForward, limits.keeper, pace, kept)
    this.#share = share
    this.#limits = limits
    if (this.content !== null && !share.isProven) limits.awaited.add(message, this.content)
  }

  get standing(): Standing {
    if (this.#share.isProven) return 'proven'
    return this.content === null || this.content.isComplete ? 'unproven' : 'holding'
  }

  begin(events: IntakeEvents): void {
    if (this.content === null || this.#share.isProven) return events.onReady()
    this.#events = events
    this.content.start(this)
  }

  /** Its memory is for others, once the request is over. */
  release(): void {
    if (this.#events === undefined) return
    this.#events = undefined
    this.#limits.ledger.give(this.#share.owner, this.#keptBytes)
    this.#chunks = []
  }

  onContentData(chunk: Buffer): boolean {
    if (!this.#limits.ledger.take(this.#share.owner, chunk.length)) {
      this.content?.stop()
      this.onContentError(new Fault('unproven-share-exceeded'))
      return false
    }
    this.#keptBytes += chunk.length
    // A copy: a few bytes would keep all that was read together with them.
    this.#chunks.push(Buffer.from(chunk))
    if (this.#keptBytes < this.#limits.maxBytes) return true
    // Not within the event that brought it: what gave it has to be left in order first.
    queueMicrotask(() => this.onContentEnd())
    return false
  }

  onContentEnd(): void {
    // The content may end in the turn in which enough of it is here.
    if (this.#events === undefined || this.#isReady) return
    this.#isReady = true
    this.content?.keep(this.#chunks)
    this.#events.onReady()
  }

  onContentError(fault: Fault): void {
    const events = this.#events
    this.release()
    events?.onError(fault)
  }
}
