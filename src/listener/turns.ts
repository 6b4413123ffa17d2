/**
 * One request of a client connection at a time: what came behind it (RFC 9112 9.3.2) is held until it is answered.
 * Otherwise one connection could hold as many connections to the server as requests fit into one segment.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { FairLedger } from '../fair-ledger.ts'

export interface Turn {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** What is to be done when the turn has come. */
  readonly begin: () => void
  /** What came behind it. */
  next?: this | undefined
}

/** Most requests held in all, and how many of one connection make it wait: what was read with them still comes. */
const MAX_HELD = 4096
const MAX_READ_AHEAD = 16

export class Turns<T extends Turn> {
  readonly #latest = new WeakMap<Socket, T>()
  readonly #held = new FairLedger<Socket>(MAX_HELD)

  get held(): number {
    return this.#held.total
  }

  /** The latest request of the connection: all before it are answered before it. */
  latest(socket: Socket): T | undefined {
    return this.#latest.get(socket)
  }

  isAnswered(socket: Socket): boolean {
    return this.#latest.get(socket)?.response.closed !== false
  }

  /** Begins, at once or when what came before is answered. False: it is not held, for too much is already. */
  take(turn: T): boolean {
    const { socket } = turn.request
    const before = this.#latest.get(socket)
    if (before === undefined || before.response.closed) {
      this.#latest.set(socket, turn)
      turn.begin()
      return true
    }
    if (!this.#held.take(socket, 1)) return false
    this.#latest.set(socket, turn)
    before.next = turn
    if (this.#held.of(socket) >= MAX_READ_AHEAD) socket.pause()
    return true
  }

  /** To be called when the response is closed. */
  end(turn: T): void {
    const { next } = turn
    if (next === undefined) return
    // Whoever still has this one would keep all that came behind it.
    turn.next = undefined
    const { socket } = next.request
    // Without a socket its answer has nowhere to go: the connection is closed, or was to be closed after this answer.
    if (next.response.socket === null) return this.#held.giveAll(socket)
    this.#held.give(socket, 1)
    if (this.#held.of(socket) === 0) socket.resume()
    next.begin()
  }
}
