/**
 * All client connections, including those that Node's HTTP does not know yet, or no longer knows: in a TLS handshake,
 * waiting for a PROXY protocol header, or upgraded to a WebSocket. Their number is limited. When another one arrives,
 * one of these kinds is closed, in this order, or else the new one:
 *
 *   keeping   has not sent a request although there was time, or an unidentified client holds back its content
 *   stranger  is idle after a response, and its client is not identified
 *   idle      is idle after a response to an identified client, which sends its next request on another connection
 *   coming    is new, or an unidentified client sends its content fast enough
 *
 * This costs requests nothing: the state of a connection is looked up only when one has to be closed.
 */
import type { Server } from 'node:http'
import { Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { MonotonicClock } from '../clock.ts'
import type { Code } from '../errors.ts'
import { clientOf } from './client-address.ts'
import { interpose } from './interpose.ts'
import { whenSecured } from './secured.ts'

/** The latest exchange of a connection. `closedAtMs`: when its response had ended; undefined while it is in flight. */
export interface LastExchange {
  readonly closedAtMs: number | undefined
}

/** What the requests on a connection say of it. */
export interface ConnectionUse {
  /** `socket`: what requests stand on. Undefined: there was none yet. */
  readonly lastExchange: (socket: Socket) => LastExchange | undefined
  /** It is known who sent the latest request, and it went to the server. */
  readonly servesPerson: (socket: Socket) => boolean
  /** How far somebody whom nobody knows has kept the pace with content that is still to come; monotonic. */
  readonly onPaceUntilMs: (socket: Socket) => number | undefined
  /** Ends what is in flight on it. */
  readonly breakOff: (socket: Socket) => void
}

export interface ClientConnectionParts extends ConnectionUse {
  readonly settings: {
    readonly maxConnections?: number | undefined
    readonly headersTimeoutMs: number
    readonly keepAliveTimeoutMs: number
  }
  readonly monotonic: MonotonicClock
  readonly rejected: (code: Code, client: string | undefined) => void
}

/** Who goes first, and of these whoever has done so for longest. */
const RANKS = ['keeping', 'stranger', 'idle', 'coming'] as const

interface Candidate {
  readonly connection: Connection
  readonly sinceMs: number
  readonly rank: number
}

interface Connection {
  readonly socket: Socket
  /** What requests stand on; undefined during the TLS handshake. */
  stream: Socket | undefined
  /** When it was accepted, or its handshake was over. */
  readyAtMs: number
}

const SWEEP_INTERVAL_MS = 1000
/** In addition to Node's deadlines, at which Node sends 408 if it can. */
const SWEEP_GRACE_MS = 2000
/** In which the first request of a connection usually comes. */
const FIRST_REQUEST_MS = 1000
/** This part of all goes at a time: looking for the oldest costs more than letting a few more go. */
const EVICTED_PART = 32

export class ClientConnections {
  readonly #parts: ClientConnectionParts
  readonly #open = new Set<Connection>()
  readonly #max: number

  constructor(server: Server, parts: ClientConnectionParts) {
    this.#parts = parts
    this.#max = parts.settings.maxConnections ?? Number.POSITIVE_INFINITY
    const remember = whenSecured<Connection>(server, (stream, connection) => {
      connection.stream = stream
      connection.readyAtMs = parts.monotonic()
    })
    const isTls = server instanceof TlsServer
    interpose(server, (socket, pass) => {
      if (this.#open.size >= this.#max && !this.#makeRoom()) {
        this.#end('connections-full', socket)
        return
      }
      const connection = { socket, stream: isTls ? undefined : socket, readyAtMs: parts.monotonic() }
      this.#open.add(connection)
      socket.on('close', () => this.#open.delete(connection))
      remember(socket, connection)
      pass(socket)
    })
    this.#closeWith(server)
    // A server that never listened is never closed either.
    server.once('listening', () => {
      const sweep = setInterval(() => this.#sweep(), SWEEP_INTERVAL_MS).unref()
      server.once('close', () => clearInterval(sweep))
    })
  }

  /** When it began to have nothing in flight; undefined while it has. */
  #idleSinceMs({ stream, readyAtMs }: Connection): number | undefined {
    const last = stream && this.#parts.lastExchange(stream)
    return last === undefined ? readyAtMs : last.closedAtMs
  }

  #makeRoom(): boolean {
    const now = this.#parts.monotonic()
    const candidates: Candidate[] = []
    for (const connection of this.#open) {
      const candidate = this.#candidate(connection, now)
      if (candidate !== undefined) candidates.push(candidate)
    }
    candidates.sort((one, other) => one.rank - other.rank || one.sinceMs - other.sinceMs)
    const evicted = candidates.slice(0, Math.max(1, Math.floor(this.#max / EVICTED_PART)))
    for (const { connection } of evicted) {
      this.#open.delete(connection)
      if (connection.stream !== undefined) this.#parts.breakOff(connection.stream)
      this.#end('connection-evicted', connection.socket)
    }
    return evicted.length > 0
  }

  /** Undefined: it stays, whoever comes. */
  #candidate(connection: Connection, now: number): Candidate | undefined {
    const idleSinceMs = this.#idleSinceMs(connection)
    const sinceMs = idleSinceMs ?? (connection.stream && this.#parts.onPaceUntilMs(connection.stream))
    if (sinceMs === undefined) return undefined
    return { connection, sinceMs, rank: RANKS.indexOf(this.#rankOf(connection, idleSinceMs, now - sinceMs)) }
  }

  #rankOf({ stream }: Connection, idleSinceMs: number | undefined, forMs: number): (typeof RANKS)[number] {
    const { lastExchange, servesPerson } = this.#parts
    if (idleSinceMs !== undefined && stream !== undefined && lastExchange(stream) !== undefined)
      return servesPerson(stream) ? 'idle' : 'stranger'
    return forMs > FIRST_REQUEST_MS ? 'keeping' : 'coming'
  }

  #wasUsed({ stream }: Connection): boolean {
    return stream !== undefined && this.#parts.lastExchange(stream) !== undefined
  }

  /**
   * Node's deadlines begin with the first byte of a method. Empty lines before it (RFC 9112 2.2) would keep a
   * connection for ever, one at a time.
   */
  #sweep(): void {
    const { settings, monotonic } = this.#parts
    const now = monotonic()
    for (const connection of this.#open) {
      const sinceMs = this.#idleSinceMs(connection)
      // The handshake has a deadline of its own, and so has who was refused already.
      if (sinceMs === undefined || connection.stream === undefined || connection.stream.writableEnded) continue
      const keptMs = this.#wasUsed(connection) ? settings.keepAliveTimeoutMs : 0
      if (now - sinceMs > keptMs + settings.headersTimeoutMs + SWEEP_GRACE_MS)
        this.#end('request-head-timeout', connection.socket)
    }
  }

  #end(code: Code, socket: Socket): void {
    this.#parts.rejected(code, clientOf(socket).address)
    socket.destroy()
  }

  #closeWith(server: Server): void {
    const closeAllConnections = server.closeAllConnections.bind(server)
    server.closeAllConnections = () => {
      for (const { socket } of this.#open) socket.destroy()
      closeAllConnections()
    }
    // Node's own ends connections that are new, whose first request may be on its way: at a reload it would be reset.
    server.closeIdleConnections = () => {
      const now = this.#parts.monotonic()
      for (const connection of this.#open) {
        const sinceMs = this.#idleSinceMs(connection)
        if (sinceMs === undefined) continue
        if (this.#wasUsed(connection) || now - sinceMs > FIRST_REQUEST_MS) connection.socket.destroy()
      }
    }
  }
}
