/**
 * Reads from an upstream socket into the same memory again and again: data are processed at once, so content passes
 * without being copied and without allocating memory for each read. If the bytes are still needed, the next read goes
 * after them, or into another slab.
 */
import type { OnReadOpts, Socket } from 'node:net'
import { type GiveBack, Slab } from '../io/slab.ts'

export interface Reader {
  /** `data` is good until this returns, and what is borrowed of it, until it is given back. */
  onData(data: Buffer): void
}

/** The plain text of a TLS record (RFC 8446 5.1): with less room a read costs as much, and brings less. */
const LEAST_READ_BYTES = 16_384

export class ReadBuffer {
  #slab = Slab.take()
  /** Where the next read goes. */
  #room = this.#slab.bytes
  #socket: Socket | undefined
  #reader: Reader | undefined
  /** For the options of the socket. */
  readonly onread: OnReadOpts = {
    buffer: () => this.#room,
    callback: length => this.#take(length),
  }
  /** To be called within `onData`, by whoever needs bytes of it longer. */
  readonly lend = (): GiveBack => this.#slab.lend()

  /** Not later than at the event that says that the socket is connected. */
  start(socket: Socket, reader: Reader): void {
    this.#socket = socket
    this.#reader = reader
  }

  /** From now on what comes is read as from any other stream. */
  handOver(): void {
    this.#reader = undefined
  }

  #take(length: number): boolean {
    const room = this.#room
    const data = room.subarray(0, length)
    if (this.#reader === undefined) return this.#socket?.push(Buffer.from(data)) ?? false
    this.#reader.onData(data)
    if (!this.#slab.isLent) this.#room = this.#slab.bytes
    else if (room.length - length >= LEAST_READ_BYTES) this.#room = room.subarray(length)
    else this.#readElsewhere()
    return true
  }

  #readElsewhere(): void {
    this.#slab.leave()
    this.#slab = Slab.take()
    this.#room = this.#slab.bytes
  }
}
