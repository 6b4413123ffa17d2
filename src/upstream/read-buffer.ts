/**
 * Reading from an upstream socket into one buffer of its own, again and again: what was read is dealt with at once,
 * so that content passes without being copied, and without memory for each read. Only where somebody still needs the
 * bytes, a new buffer takes the place of the old one.
 */
import type { OnReadOpts, Socket } from 'node:net'

export interface Reader {
  /** `data` is good until this returns; true: longer, since somebody keeps it. */
  onData(data: Buffer): boolean
}

/**
 * One read takes so much at most; of a buffer that small responses pass through, the system gives memory for the first
 * pages only.
 */
const BUFFER_BYTES = 65_536

export class ReadBuffer {
  #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES)
  #socket: Socket | undefined
  #reader: Reader | undefined
  /** For the options of the socket. */
  readonly onread: OnReadOpts = {
    buffer: () => this.#buffer,
    callback: length => this.#take(length),
  }

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
    const data = this.#buffer.subarray(0, length)
    if (this.#reader === undefined) return this.#socket?.push(Buffer.from(data)) ?? false
    if (this.#reader.onData(data)) this.#buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES)
    return true
  }
}
