/**
 * Two sockets whose bytes are passed on to each other, once both ends have switched from HTTP to another protocol.
 *
 *   client ==> upstream      a slow reader slows down the writer: at most one read is buffered here
 *   client <== upstream      when one direction ends, the other may finish within LINGER_MS
 *                            an error on one side ends both
 *
 *   open --> one side has ended --> both have ended ----------------> over: as agreed
 *     |             |
 *     +-------------+-- silence, error, a side gone, end(code) -----> over: with that code
 *
 * `onEnd` is called once, on the way to "over"; both sockets are destroyed then.
 */
import type { Socket } from 'node:net'
import type { Code } from '../errors.ts'

/** How a tunnel ended: a code, or as its two ends wanted. */
export type TunnelEnd = Code | 'as-agreed'

export type Direction = 'to_upstream' | 'to_client'

export interface TunnelEvents {
  onBytes(direction: Direction, count: number): void
  /** Once. */
  onEnd(end: TunnelEnd, cause: unknown): void
}

/** How long one side may go on when the other has ended, in milliseconds. */
const LINGER_MS = 30_000
/** A peer that is gone without a word is found after about ten of these, in milliseconds. */
const TCP_KEEP_ALIVE_MS = 60_000

export class Tunnel {
  readonly #client: Socket
  readonly #upstream: Socket
  readonly #events: TunnelEvents
  #isOver = false

  /** `idleTimeoutMs`: how long nothing may pass in either direction. */
  constructor(client: Socket, upstream: Socket, idleTimeoutMs: number, events: TunnelEvents) {
    this.#client = client
    this.#upstream = upstream
    this.#events = events
    for (const socket of [client, upstream]) socket.setNoDelay(true).setKeepAlive(true, TCP_KEEP_ALIVE_MS)
    this.#relay(client, upstream, 'to_upstream')
    this.#relay(upstream, client, 'to_client')
    // Everything that passes goes through this one.
    client.setTimeout(idleTimeoutMs).on('timeout', () => this.end('tunnel-idle'))
    client.on('error', error => this.end('client-aborted', error)).on('close', () => this.end('client-aborted'))
    upstream.on('error', error => this.end('response-content-aborted', error)).on('close', this.#onUpstreamClose)
  }

  /** Bytes that came with the answer, or before it. */
  pass(direction: Direction, bytes: Buffer): void {
    const [from, to] = direction === 'to_upstream' ? [this.#client, this.#upstream] : [this.#upstream, this.#client]
    if (bytes.length === 0 || !to.writable) return
    this.#events.onBytes(direction, bytes.length)
    if (!to.write(bytes)) from.pause()
  }

  /** Closes both sides at once. */
  end(end: TunnelEnd, cause?: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    const areBothEnded = this.#client.readableEnded && this.#upstream.readableEnded
    this.#events.onEnd(areBothEnded ? 'as-agreed' : end, cause)
    this.#client.destroy()
    this.#upstream.destroy()
  }

  #relay(from: Socket, to: Socket, direction: Direction): void {
    from.on('data', (chunk: Buffer) => this.pass(direction, chunk))
    from.on('end', () => {
      to.end()
      this.#client.setTimeout(LINGER_MS)
    })
    to.on('drain', () => from.resume())
    from.resume()
  }

  readonly #onUpstreamClose = (): void => {
    if (!this.#upstream.readableEnded) return this.end('response-content-aborted')
    // There may still be something to write to a slow client; what it says now, nobody hears.
    this.#client.resume()
  }
}
