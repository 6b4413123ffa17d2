/**
 * One request per client connection at a time: pipelined requests (RFC 9112 9.3.2) are held until the one before them
 * is answered. Otherwise one connection could occupy as many connections to the server as requests fit into one
 * segment.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { FairLedger } from '../fair-ledger.ts'
import type { LastExchange } from './client-connections.ts'

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

/** What is known of a connection. */
class Line<T> implements LastExchange {
  /** All before it are answered before it. Undefined: it is answered, too, and let go; it would keep 7 KB with an idle connection. */
  latest: T | undefined
  answeredAtMs: number | undefined
  /** The latest request was forwarded to the origin server, and it is known who sent it (`Share.isProven`). */
  servedPerson = false

  constructor(latest: T) {
    this.latest = latest
  }

  get closedAtMs(): number | undefined {
    return this.latest === undefined ? this.answeredAtMs : undefined
  }
}

export class Turns<T extends Turn> {
  readonly #lines = new WeakMap<Socket, Line<T>>()
  readonly #held = new FairLedger<Socket>(MAX_HELD)

  get held(): number {
    return this.#held.total
  }

  /** The latest request of the connection, unless it is answered: all before it are answered before it. */
  latest(socket: Socket): T | undefined {
    return this.#lines.get(socket)?.latest
  }

  /** Undefined: there was no request yet. */
  last(socket: Socket): (LastExchange & { readonly servedPerson: boolean }) | undefined {
    return this.#lines.get(socket)
  }

  isAnswered(socket: Socket): boolean {
    return this.latest(socket)?.response.closed !== false
  }

  /** Begins, at once or when what came before is answered; never, where no answer can follow. False: it is not held, for too much is already. */
  take(turn: T): boolean {
    const { socket } = turn.request
    // Read with a request whose answer ended the connection: nobody would hear what becomes of it (RFC 9112 9.6).
    if (!socket.writable) return true
    const line = this.#lines.get(socket)
    const before = line?.latest
    if (before === undefined || before.response.closed) {
      if (line === undefined) this.#lines.set(socket, new Line(turn))
      else line.latest = turn
      turn.begin()
      return true
    }
    if (line === undefined || !this.#held.take(socket, 1)) return false
    line.latest = turn
    before.next = turn
    if (this.#held.of(socket) >= MAX_READ_AHEAD) socket.pause()
    return true
  }

  /** To be called when the response is closed. `servedPerson`: see `Line`. */
  end(turn: T, closedAtMs: number, servedPerson: boolean): void {
    this.#letGo(turn, closedAtMs, servedPerson)
    const { next } = turn
    if (next === undefined) return
    // Otherwise, a reference to this turn would keep all later ones in memory.
    turn.next = undefined
    const { socket } = next.request
    // Without a socket its answer has nowhere to go: the connection is closed, or was to be closed after this answer.
    if (next.response.socket === null) return this.#held.giveAll(socket)
    this.#held.give(socket, 1)
    if (this.#held.of(socket) === 0) socket.resume()
    next.begin()
  }

  #letGo(turn: T, closedAtMs: number, servedPerson: boolean): void {
    const line = this.#lines.get(turn.request.socket)
    if (line === undefined || line.latest !== turn) return
    line.latest = undefined
    line.answeredAtMs = closedAtMs
    line.servedPerson = servedPerson
  }
}
