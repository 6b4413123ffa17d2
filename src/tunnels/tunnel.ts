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

/** How a tunnel ended: with a code, or closed by both ends. */
export type TunnelEnd = Code | 'as-agreed'

export type Direction = 'to_upstream' | 'to_client'

export interface TunnelEvents {
  onBytes(direction: Direction, count: number): void
  /** Once. */
  onEnd(end: TunnelEnd, cause: unknown): void
}

/** How long one side may go on when the other has ended, in milliseconds. */
const LINGER_MS = 30_000
/**
 * In milliseconds, of silence before the first TCP keep-alive probe. Node sends up to ten, a second apart, so a peer that
 * vanished without closing is detected ten seconds later.
 */
const TCP_KEEP_ALIVE_MS = 60_000

export class Tunnel {
  readonly #client: Socket
  readonly #upstream: Socket
  readonly #events: TunnelEvents
  #isOver = false

  /** `idleTimeoutMs`: the tunnel ends after this long without data in either direction. */
  constructor(client: Socket, upstream: Socket, idleTimeoutMs: number, events: TunnelEvents) {
    this.#client = client
    this.#upstream = upstream
    this.#events = events
    for (const socket of [client, upstream]) socket.setNoDelay(true).setKeepAlive(true, TCP_KEEP_ALIVE_MS)
    this.#relay(client, upstream, 'to_upstream')
    this.#relay(upstream, client, 'to_client')
    // All data passes through the client's socket, so its timeout covers both directions.
    client.setTimeout(idleTimeoutMs).on('timeout', () => this.end('tunnel-idle'))
    client.on('error', error => this.end('client-aborted', error)).on('close', () => this.end('client-aborted'))
    upstream.on('error', error => this.end('response-content-aborted', error)).on('close', this.#onUpstreamClose)
  }

  /** Forwards bytes; also for those received with the 101 or before it. */
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
    // Data may still have to be written to a slow client; what it sends now is discarded.
    this.#client.resume()
  }
}
