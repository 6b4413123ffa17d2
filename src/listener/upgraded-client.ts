/**
 * The client's side of a WebSocket handshake: a socket that Node's HTTP has released, so that nothing after the
 * handshake can be read as a request. The handshake is answered like any other request; after any answer but 101, it is
 * closed.
 */
import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** What a client may send before it has its answer, in bytes (RFC 6455 4.1 forbids it); past them it has to wait. */
const MAX_EARLY_BYTES = 65_536

export class UpgradedClient {
  readonly socket: Socket
  readonly response: ServerResponse
  #early: Buffer[] = []
  #earlyBytes = 0

  /** `head`: what Node had read already past the request. */
  constructor(request: IncomingMessage, socket: Socket, head: Buffer) {
    this.socket = socket
    this.response = new ServerResponse(request)
    this.response.shouldKeepAlive = false
    this.response.assignSocket(socket)
    this.response.on('finish', this.#onFinish)
    // Read from the start: otherwise nobody would notice that the client has gone.
    socket
      .on('data', this.#onData)
      .on('end', this.#onGone)
      .on('error', this.#onGone)
      .on('timeout', this.#onGone)
      .on('drain', this.#onDrain)
    this.#onData(head)
  }

  /** Takes the socket away, for a tunnel. Returns what came early. */
  release(): Buffer {
    this.response.off('finish', this.#onFinish)
    this.socket
      .off('data', this.#onData)
      .off('end', this.#onGone)
      .off('error', this.#onGone)
      .off('timeout', this.#onGone)
      .off('drain', this.#onDrain)
    const early = Buffer.concat(this.#early)
    this.#early = []
    return early
  }

  readonly #onData = (data: Buffer): void => {
    if (this.response.writableEnded) return
    this.#early.push(data)
    this.#earlyBytes += data.length
    if (this.#earlyBytes > MAX_EARLY_BYTES) this.socket.pause()
  }

  readonly #onGone = (): void => {
    this.socket.destroy()
  }

  readonly #onDrain = (): void => {
    this.response.emit('drain')
  }

  readonly #onFinish = (): void => {
    this.#early = []
    // Unread data would reset the connection, and the client might never see the answer.
    this.socket.resume().destroySoon()
  }
}
