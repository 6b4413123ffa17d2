import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { Fault } from '../errors.ts'
import type { RequestFields } from './request-fields.ts'

/** How much of an unwanted request content is read and thrown away, in bytes, so that the client gets to read the answer. */
const MAX_DRAINED_BYTES = 64 * 1024 * 1024
const MAX_DRAIN_MS = 30_000

/** RFC 9112 6.3: Content-Length or Transfer-Encoding says that there is content. */
export function hasContent({ kept }: RequestFields): boolean {
  const length = kept['content-length']
  return kept['transfer-encoding'] !== undefined || (length !== undefined && !/^0+$/.test(length))
}

/**
 * The content of a request on its way to the upstream. It stands between the client's message and the upstream client so
 * that giving up one does not destroy the other: when the upstream answers early, the rest of the content can still be
 * read from the client, and the connection stays in step (RFC 9112 9.3).
 */
export class RequestContent extends Readable {
  readonly #message: IncomingMessage
  readonly #mayForward: (name: string) => boolean
  #started = false
  bytes = 0

  /** `mayForward`: whether a trailer field of that name may go on. */
  constructor(message: IncomingMessage, mayForward: (name: string) => boolean) {
    super({ highWaterMark: 64 * 1024 })
    this.#message = message
    this.#mayForward = mayForward
  }

  /** Trailer fields (RFC 9110 6.5), once the content has ended: name, value, name, value. */
  get trailers(): readonly string[] {
    const raw = this.#message.rawTrailers
    return raw.filter((_, index) => this.#mayForward(raw[index - (index % 2)] ?? ''))
  }

  override _read(): void {
    if (!this.#started) {
      this.#started = true
      this.#message.on('data', this.#onData).once('end', this.#onEnd).once('close', this.#onClose)
    }
    this.#message.resume()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#message.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose)
    if (!this.#message.readableEnded) this.#message.pause()
    done(error)
  }

  readonly #onData = (chunk: Buffer): void => {
    this.bytes += chunk.length
    if (!this.push(chunk)) this.#message.pause()
  }

  readonly #onEnd = (): void => {
    this.push(null)
  }

  readonly #onClose = (): void => {
    if (!this.#message.complete) this.destroy(new Fault('request-content-aborted'))
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
