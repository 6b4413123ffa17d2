/** Writes the response to the client in as few pieces as possible: each write costs as much as all our own work. */
import type { ServerResponse } from 'node:http'
import type { Writable } from 'node:stream'
import { batchAtTurnEnd, type TurnBatch } from '../io/end-of-turn.ts'
import type { GiveBack } from '../io/slab.ts'
import type { Paced, PaceKeeper, PaceSettings } from './pace.ts'

/** Node writes a text of up to 16 KiB without a buffer of its own; this leaves room for the head. */
const MAX_HELD_BYTES = 12_288
/** Copying so much costs less than to borrow it. */
const MAX_COPIED_BYTES = 4096

/** Whom the writer tells. */
export interface WriterEvents {
  /** After a `false`: there is room again. */
  onRoom(): void
  /** All was handed to the socket. */
  onEnded(): void
  /** In place of `onEnded`: Node takes no such head. */
  onUnwritable(error: unknown): void
  /** The client takes longer for what it was sent than it may. */
  onReadTooSlowly(): void
}

export class ResponseWriter implements TurnBatch, Paced {
  readonly #response: ServerResponse
  readonly #events: WriterEvents
  readonly #keeper: PaceKeeper
  readonly #pace: PaceSettings
  deadlineMs = Number.POSITIVE_INFINITY
  /** The head, while what came with it is not read through: should that prove unreadable, nothing was said yet. */
  #fields: string[] | undefined
  #status = 0
  #reason = ''
  /**
   * The first content, where it came with the head: a text of octets, which Node joins to the head; bytes would go
   * beside it.
   */
  #held: string | undefined
  #isWaiting = false

  constructor(response: ServerResponse, events: WriterEvents, keeper: PaceKeeper, pace: PaceSettings) {
    this.#response = response
    this.#events = events
    this.#keeper = keeper
    this.#pace = pace
  }

  writeHead(status: number, reason: string, fields: string[]): void {
    this.#status = status
    this.#reason = reason
    this.#fields = fields
  }

  /** 1xx (RFC 9110 15.2). False: no more until there is room. */
  writeInformation(status: number, fields: string[]): boolean {
    const { socket } = this.#response
    this.#response.writeInformation(status, fields)
    if (socket?.writableNeedDrain !== true) return true
    this.#waitForRoom(socket)
    return false
  }

  /** A head whose content is not here yet must not wait for it: long polls, server-sent events. */
  onReadPause(): void {
    if (!this.#putHead()) return
    // `flushHeaders` would write it as UTF-8: two octets for each above ASCII.
    this.#held ??= ''
    this.#writeHeld()
  }

  /** `lend`: to have the bytes until they are written. False: no more until there is room. */
  write(chunk: Buffer, lend: () => GiveBack): boolean {
    if (this.#fields !== undefined && chunk.length + (this.#held?.length ?? 0) <= MAX_HELD_BYTES) {
      const text = chunk.toString('latin1')
      this.#held = this.#held === undefined ? text : this.#held + text
      return true
    }
    this.#putHead()
    this.#writeHeld()
    const giveBack = chunk.length > MAX_COPIED_BYTES ? lend() : undefined
    // Corked here, it is written here, and not at the end of the tick.
    this.#response.cork()
    const goesOn = this.#response.write(giveBack === undefined ? Buffer.from(chunk) : chunk, giveBack)
    this.#response.uncork()
    if (this.#response.writableLength === 0) {
      // The system has it all; the callback comes later.
      giveBack?.()
      return true
    }
    if (!goesOn) this.#waitForRoom(this.#response)
    return goesOn
  }

  end(trailers: readonly [string, string][]): void {
    if (trailers.length > 0) this.#response.addTrailers(trailers)
    batchAtTurnEnd(this)
  }

  flush(): void {
    try {
      this.#putHead()
      if (this.#held === undefined) this.#response.end()
      else this.#response.end(this.#held, 'latin1')
    } catch (error) {
      // Otherwise it would be uncaught, and end the process.
      this.#events.onUnwritable(error)
      return
    }
    this.#events.onEnded()
  }

  /** The client is no longer waited for: the response is complete or abandoned. */
  stopWaiting(): void {
    if (this.#isWaiting) this.#keeper.remove(this)
  }

  onTooSlow(): void {
    this.#events.onReadTooSlowly()
  }

  #waitForRoom(stream: Writable): void {
    // More may come of what was read already; one listener is enough for all of it.
    if (this.#isWaiting) return
    this.#isWaiting = true
    stream.once('drain', () => this.#onDrain())
    const { minRate, graceMs } = this.#pace
    if (minRate === 0) return
    this.deadlineMs = this.#keeper.monotonic() + graceMs + (stream.writableLength * 1000) / minRate
    this.#keeper.add(this)
  }

  #onDrain(): void {
    this.#isWaiting = false
    this.#keeper.remove(this)
    this.#events.onRoom()
  }

  /** False: there is none to put. */
  #putHead(): boolean {
    if (this.#fields === undefined) return false
    this.#response.writeHead(this.#status, this.#reason, this.#fields)
    this.#fields = undefined
    return true
  }

  #writeHeld(): void {
    if (this.#held === undefined) return
    this.#response.write(this.#held, 'latin1')
    this.#held = undefined
  }
}
