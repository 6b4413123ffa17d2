/** Writes the request to the server in as few pieces as possible: each write costs as much as all our own work. */
import type { Socket } from 'node:net'
import { fieldLines } from '../http/field-lines.ts'
import { batchAtTurnEnd, type TurnBatch } from '../io/end-of-turn.ts'
import { freeWhenWritten } from '../io/free-when-written.ts'

/**
 * Content that comes with the head goes in one write with it, as a text of octets; beside a buffer it would cost a
 * second piece.
 */
const MAX_HELD_BYTES = 8192

export class RequestWriter implements TurnBatch {
  readonly #socket: Socket
  #isChunked = false
  /** What is written at the end of the turn; latin1, one character an octet. */
  #held: string | undefined

  constructor(socket: Socket) {
    this.#socket = socket
  }

  /** Whether nothing waits for the end of the turn. */
  get isWritten(): boolean {
    return this.#held === undefined
  }

  /** `head`: request line, fields and the empty line. `isChunked`: content goes in chunks (RFC 9112 7.1). */
  start(head: string, isChunked: boolean): void {
    this.#isChunked = isChunked
    this.#held = head
    batchAtTurnEnd(this)
  }

  /** False: there is no room for more before the socket has drained. */
  write(chunk: Buffer): boolean {
    // As a chunk it would be the last one (RFC 9112 7.1).
    if (chunk.length === 0) return true
    const size = this.#isChunked ? `${chunk.length.toString(16)}\r\n` : ''
    const end = this.#isChunked ? '\r\n' : ''
    if (this.#held !== undefined && this.#held.length + chunk.length <= MAX_HELD_BYTES) {
      this.#held += size + chunk.toString('latin1') + end
      return true
    }
    this.#socket.cork()
    this.#writeHeld()
    if (size !== '') this.#socket.write(size, 'latin1')
    let goesOn = this.#socket.write(chunk, freeWhenWritten(chunk))
    if (end !== '') goesOn = this.#socket.write(end, 'latin1')
    this.#socket.uncork()
    return goesOn
  }

  /** The content is complete. `trailers`: name, value, name, value. */
  end(trailers: readonly string[]): void {
    if (!this.#isChunked) return
    const end = `0\r\n${fieldLines(trailers)}\r\n`
    if (this.#held === undefined) this.#socket.write(end, 'latin1')
    else this.#held += end
  }

  flush(): void {
    if (!this.#socket.destroyed) this.#writeHeld()
  }

  #writeHeld(): void {
    if (this.#held === undefined) return
    this.#socket.write(this.#held, 'latin1')
    this.#held = undefined
  }
}
