/**
 * A bounded number of connections, each belonging to a key. Idle ones are used newest first, so that the others can
 * grow old and be closed; when the bound is reached, the oldest idle connection of any key makes room; when none is idle,
 * requests wait in line.
 *
 *   acquire() --> an idle one of its key --------------------------------> in use --> onFree(): idle, or a waiter's
 *             --> room, or the oldest idle one makes room --> connecting --> in use
 *             --> waiting --> one of its key is free --------------------> in use
 *                         --> one of another key is free, and closes --> connecting
 *
 * Always: open = in use + idle; open + connecting <= maxConnections; `#idle` and `#idleByKey` hold the same connections;
 * while somebody waits, none is idle. A connection never changes its key.
 */
import { connect as connectTcp, type OnReadOpts, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { type Code, Fault } from '../errors.ts'
import { Connection, type ConnectionOwner, type ConnectionTimes } from './connection.ts'
import { ReadBuffer } from './read-buffer.ts'

export interface PoolSettings extends ConnectionTimes {
  readonly host: string
  readonly port: number
  /** Undefined: plain TCP. */
  readonly tls: ConnectionOptions | undefined
  readonly maxConnections: number
  readonly maxQueued: number
  readonly connectTimeoutMs: number
  readonly keepAliveTimeoutMs: number
}

/** Who waits for a connection. Exactly one of the two is called, unless `cancelled` is set before. */
export interface Waiter {
  readonly key: string
  cancelled: boolean
  onConnection(connection: Connection): void
  onUnavailable(fault: Fault): void
}

/** How often deadlines are looked at, in milliseconds: timeouts are late by this much at most. */
const TICK_MS = 250
/** A server's own idle timeout is undercut by this much, so that it does not close while we send. */
const KEEP_ALIVE_MARGIN_MS = 1000

export class ConnectionPool implements ConnectionOwner, Disposable {
  readonly #settings: PoolSettings
  readonly #open = new Set<Connection>()
  /** Idle connections, oldest first. */
  readonly #idle = new Set<Connection>()
  readonly #idleByKey = new Map<string, Connection[]>()
  /** Who waits for a connection, first come first. */
  readonly #waiting = new Set<Waiter>()
  #connecting = 0
  #tick: NodeJS.Timeout | undefined
  #isClosed = false
  #tlsSession: Buffer | undefined
  opened = 0
  evicted = 0

  constructor(settings: PoolSettings) {
    this.#settings = settings
  }

  get connections(): number {
    return this.#open.size + this.#connecting
  }

  get idle(): number {
    return this.#idle.size
  }

  get queued(): number {
    return this.#waiting.size
  }

  acquire(waiter: Waiter): void {
    if (this.#isClosed) return waiter.onUnavailable(new Fault('upstream-overloaded'))
    const connection = this.#takeIdle(waiter.key)
    if (connection !== undefined) return waiter.onConnection(connection)
    if (this.connections < this.#settings.maxConnections || this.#evictOldest()) return this.#connect(waiter)
    if (this.queued >= this.#settings.maxQueued) return waiter.onUnavailable(new Fault('upstream-overloaded'))
    this.#waiting.add(waiter)
  }

  /** The waiter wants no connection any more. */
  leave(waiter: Waiter): void {
    waiter.cancelled = true
    this.#waiting.delete(waiter)
  }

  [Symbol.dispose](): void {
    this.#isClosed = true
    clearInterval(this.#tick)
    for (let waiter = this.#nextWaiter(); waiter !== undefined; waiter = this.#nextWaiter())
      waiter.onUnavailable(new Fault('upstream-overloaded'))
    for (const connection of this.#open) connection.close()
  }

  onFree(connection: Connection): void {
    const waiter = this.#nextWaiter()
    if (waiter !== undefined) {
      if (waiter.key === connection.key) return waiter.onConnection(connection)
      // Its turn has come, but not with this connection: that one makes room.
      this.#open.delete(connection)
      connection.close()
      return this.#connect(waiter)
    }
    const keepMs = Math.min(this.#settings.keepAliveTimeoutMs, connection.keepAliveMs - KEEP_ALIVE_MARGIN_MS)
    if (this.#isClosed || keepMs <= 0) return connection.close()
    connection.deadlineMs = this.#settings.monotonic() + keepMs
    this.#idle.add(connection)
    const sameKey = this.#idleByKey.get(connection.key)
    if (sameKey === undefined) this.#idleByKey.set(connection.key, [connection])
    else sameKey.push(connection)
  }

  onClosed(connection: Connection): void {
    this.#forgetIdle(connection)
    if (!this.#open.delete(connection)) return
    this.#serveWaiting()
  }

  #serveWaiting(): void {
    if (this.#isClosed || this.connections >= this.#settings.maxConnections) return
    const waiter = this.#nextWaiter()
    if (waiter !== undefined) this.#connect(waiter)
  }

  #takeIdle(key: string): Connection | undefined {
    const sameKey = this.#idleByKey.get(key)
    while (sameKey !== undefined) {
      const connection = sameKey.pop()
      if (sameKey.length === 0) this.#idleByKey.delete(key)
      if (connection === undefined) return undefined
      this.#idle.delete(connection)
      if (connection.isUsable) return connection
    }
    return undefined
  }

  #evictOldest(): boolean {
    const [oldest] = this.#idle
    if (oldest === undefined) return false
    this.#forgetIdle(oldest)
    this.#open.delete(oldest)
    oldest.close()
    this.evicted++
    return true
  }

  #forgetIdle(connection: Connection): void {
    if (!this.#idle.delete(connection)) return
    const sameKey = this.#idleByKey.get(connection.key) ?? []
    const rest = sameKey.filter(other => other !== connection)
    if (rest.length === 0) this.#idleByKey.delete(connection.key)
    else this.#idleByKey.set(connection.key, rest)
  }

  #nextWaiter(): Waiter | undefined {
    const [first] = this.#waiting
    if (first !== undefined) this.#waiting.delete(first)
    return first
  }

  #connect(waiter: Waiter): void {
    const { host, port, tls, connectTimeoutMs } = this.#settings
    this.#connecting++
    this.opened++
    const readBuffer = new ReadBuffer()
    const { onread } = readBuffer
    const socket =
      tls === undefined
        ? connectTcp({ host, port, onread, noDelay: true, keepAlive: true })
        : connectTls(
            withReading(
              { ...tls, host, port, ...(this.#tlsSession === undefined ? {} : { session: this.#tlsSession }) },
              onread,
            ),
          )
    const timer = setTimeout(() => socket.destroy(new Fault('upstream-connect-timeout')), connectTimeoutMs)
    const settle = () => {
      clearTimeout(timer)
      socket.off('error', onFailure).off(tls === undefined ? 'connect' : 'secureConnect', onConnected)
      this.#connecting--
    }
    const onFailure = (error: Error): void => {
      settle()
      waiter.onUnavailable(error instanceof Fault ? error : new Fault(codeOf(error), error))
      this.#serveWaiting()
    }
    const onConnected = (): void => {
      settle()
      this.#welcome(socket, readBuffer, waiter)
    }
    socket.once('error', onFailure).once(tls === undefined ? 'connect' : 'secureConnect', onConnected)
    if (tls !== undefined) {
      socket.setNoDelay(true).setKeepAlive(true)
      socket.on('session', (session: Buffer) => {
        this.#tlsSession = session
      })
    }
  }

  #welcome(socket: Socket, readBuffer: ReadBuffer, waiter: Waiter): void {
    const connection = new Connection(waiter.key, socket, readBuffer, this, this.#settings)
    this.#open.add(connection)
    this.#tick ??= setInterval(this.#expire, TICK_MS).unref()
    if (this.#isClosed) connection.close()
    else if (waiter.cancelled) this.onFree(connection)
    else waiter.onConnection(connection)
  }

  readonly #expire = (): void => {
    const now = this.#settings.monotonic()
    for (const connection of this.#open) connection.expire(now)
  }
}

/** `tls.connect` knows `onread`, its types do not. */
const withReading = (options: ConnectionOptions, onread: OnReadOpts): ConnectionOptions & { onread: OnReadOpts } => ({
  ...options,
  onread,
})

/** Codes of Node and of OpenSSL. */
function codeOf(error: NodeJS.ErrnoException): Code {
  const code = String(error.code ?? '')
  if (code === 'ETIMEDOUT') return 'upstream-connect-timeout'
  return /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|EPROTO)/.test(code)
    ? 'upstream-tls-failed'
    : 'upstream-connect-failed'
}
