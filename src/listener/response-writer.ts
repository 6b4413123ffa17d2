/** The response to the client, written in as few pieces as it can be: each write costs as much as all our own work. */
import type { ServerResponse } from 'node:http'
import { batchAtTurnEnd, type TurnBatch } from '../io/end-of-turn.ts'

/**
 * What became of content that was handed over: `passed` on or copied, so that its bytes are free; `kept` for a moment; or
 * kept, and no more is wanted until there is room again.
 */
export type WriteResult = 'released' | 'retained' | 'backpressure'

/** Node writes a text of up to 16 KiB without a buffer of its own; this leaves room for the head. */
const MAX_HELD_BYTES = 12_288
/** Copying so much costs less than the memory it would keep occupied. */
const MAX_COPIED_BYTES = 16_384

export class ResponseWriter implements TurnBatch {
  readonly #response: ServerResponse
  readonly #onRoom: () => void
  readonly #onEnded: () => void
  #isHeadHeld = false
  /** The first content, where it came with the head: a text of octets, which Node joins to the head; bytes would go beside it. */
  #held: string | undefined
  #isWaiting = false

  /** `onRoom`: after `full`. `onEnded`: all was handed to the socket. */
  constructor(response: ServerResponse, onRoom: () => void, onEnded: () => void) {
    this.#response = response
    this.#onRoom = onRoom
    this.#onEnded = onEnded
  }

  writeHead(status: number, reason: string, fields: string[]): void {
    this.#response.writeHead(status, reason, fields)
    this.#isHeadHeld = true
  }

  /** A head whose content is not here yet must not wait for it: long polls, server-sent events. */
  onReadPause(): void {
    if (!this.#isHeadHeld) return
    this.#isHeadHeld = false
    if (this.#held === undefined) this.#response.flushHeaders()
    else this.#writeHeld()
  }

  write(chunk: Buffer): WriteResult {
    if (this.#isHeadHeld && this.#held === undefined && chunk.length <= MAX_HELD_BYTES) {
      this.#held = chunk.toString('latin1')
      return 'released'
    }
    this.#isHeadHeld = false
    this.#writeHeld()
    const isShort = chunk.length <= MAX_COPIED_BYTES
    // Corked here, it is written here, and not at the end of the tick.
    this.#response.cork()
    const goesOn = this.#response.write(isShort ? Buffer.from(chunk) : chunk)
    this.#response.uncork()
    if (this.#response.writableLength === 0) return 'released'
    if (goesOn) return isShort ? 'released' : 'retained'
    // More may come of what was read already; one listener is enough for all of it.
    if (!this.#isWaiting) this.#response.once('drain', this.#onDrain)
    this.#isWaiting = true
    return 'backpressure'
  }

  end(trailers: readonly [string, string][]): void {
    if (trailers.length > 0) this.#response.addTrailers(trailers)
    batchAtTurnEnd(this)
  }

  flush(): void {
    if (this.#held === undefined) this.#response.end()
    else this.#response.end(this.#held, 'latin1')
    this.#onEnded()
  }

  readonly #onDrain = (): void => {
    this.#isWaiting = false
    this.#onRoom()
  }

  #writeHeld(): void {
    if (this.#held === undefined) return
    this.#response.write(this.#held, 'latin1')
    this.#held = undefined
  }
}
