/**
 * A bounded number of connections, each belonging to a key. Idle ones are used newest first, so that the others can
 * grow old and be closed; when the bound is reached, the oldest idle connection of any key makes room. Requests wait
 * when none is idle, or the rest is for others; not for ever.
 *
 *   acquire() --> may have one --> an idle one of its key -------------------> in use --> onFree(): a waiter's, or idle; too old: closed
 *             |                --> room, or the oldest idle makes room --> connecting --> in use
 *             --> waiting ------> its turn has come: as above
 *                         ------> `queueTimeoutMs` have passed: refused
 *
 * Always: open = in use + idle; `#idle` and `#idleByKey` hold the same connections; what is in use has a holder. A
 * connection never changes its key.
 */
import type { Socket } from 'node:net'
import { type Code, Fault } from '../errors.ts'
import type { Standing } from '../listener/share.ts'
import { Connection } from './connection.ts'
import { ConnectionShares } from './connection-shares.ts'
import type { Keeper } from './keeper.ts'
import { codeOfConnectError, openSocket } from './open-socket.ts'
import type { Owner } from './owner.ts'
import { maxAgeMs, type PoolSettings } from './pool-settings.ts'
import { ReadBuffer } from './read-buffer.ts'
import { mayServe, type Waiter } from './waiter.ts'

/** How often deadlines are looked at, in milliseconds: timeouts are late by this much at most. */
const TICK_MS = 250
/** A response not read any further for this long holds up the connection. */
const HELD_UP_MS = 2000
/** A server's own idle timeout is undercut by this much, so that it does not close while we send. */
const KEEP_ALIVE_MARGIN_MS = 1000

export class ConnectionPool implements Keeper<Connection>, Disposable {
  readonly #settings: PoolSettings
  readonly #open = new Set<Connection>()
  /** Idle connections, oldest first. */
  readonly #idle = new Set<Connection>()
  readonly #idleByKey = new Map<string, Connection[]>()
  readonly #shares: ConnectionShares<Waiter>
  /** Waiters with their deadlines (monotonic), in order of arrival. */
  readonly #waiting = new Map<Waiter, number>()
  #connecting = 0
  #tick: NodeJS.Timeout | undefined
  #isClosed = false
  #tlsSession: Buffer | undefined
  opened = 0
  evicted = 0
  bound = 0
  unasked = 0

  constructor(settings: PoolSettings) {
    this.#settings = settings
    this.#shares = new ConnectionShares(settings)
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

  held(standing: Standing): number {
    return this.#shares.held(standing)
  }

  acquire(waiter: Waiter): void {
    if (this.#isClosed) return waiter.onUnavailable(new Fault('upstream-overloaded'))
    if (this.#shares.take(waiter)) return this.#serve(waiter)
    const refused = this.#shares.enqueue(waiter)
    if (refused !== undefined) return waiter.onUnavailable(new Fault(refused))
    this.#startTick()
    this.#waiting.set(waiter, this.#settings.monotonic() + this.#settings.queueTimeoutMs)
  }

  /** The waiter no longer needs a connection. */
  leave(waiter: Waiter): void {
    waiter.cancelled = true
    if (this.#waiting.delete(waiter)) this.#shares.leave(waiter)
  }

  [Symbol.dispose](): void {
    this.#isClosed = true
    clearInterval(this.#tick)
    for (const waiter of this.#waiting.keys()) this.#sendAway(waiter, 'upstream-overloaded')
    for (const connection of this.#open) connection.close()
  }

  onFree(connection: Connection): void {
    this.#release(connection)
    const nowMs = this.#settings.monotonic()
    // A waiter gets a connection once this one has closed.
    if (nowMs >= connection.renewAtMs) return connection.close()
    const waiter = this.#nextWaiter()
    if (waiter !== undefined && mayServe(connection, waiter)) return this.#handOver(connection, waiter)
    this.#park(connection, nowMs)
    if (waiter !== undefined) this.#serve(waiter)
  }

  readonly onBound = (): void => void this.bound++
  readonly onUnasked = (): void => void this.unasked++

  onClosed(connection: Connection): void {
    this.#forgetIdle(connection)
    this.#release(connection)
    if (this.#open.delete(connection)) this.#serveWaiting()
  }

  #release(connection: Connection): void {
    const { holder } = connection
    connection.holder = undefined
    if (holder !== undefined) this.#shares.release(holder)
  }

  #park(connection: Connection, nowMs: number): void {
    const keepMs = Math.min(this.#settings.keepAliveTimeoutMs, connection.keepAliveMs - KEEP_ALIVE_MARGIN_MS)
    if (this.#isClosed || keepMs <= 0) return connection.close()
    connection.deadlineMs = nowMs + keepMs
    this.#idle.add(connection)
    const sameKey = this.#idleByKey.get(connection.key)
    if (sameKey === undefined) this.#idleByKey.set(connection.key, [connection])
    else sameKey.push(connection)
  }

  /** Gives a connection to a waiter that may have one. */
  #serve(waiter: Waiter): void {
    const connection = this.#takeIdle(waiter)
    if (connection !== undefined) return this.#handOver(connection, waiter)
    if (this.connections >= this.#settings.maxConnections) this.#evictOldest()
    this.#connect(waiter)
  }

  #handOver(connection: Connection, waiter: Waiter): void {
    connection.holder = waiter.holder
    waiter.onConnection(connection)
  }

  #serveWaiting(): void {
    for (let waiter = this.#nextWaiter(); waiter !== undefined; waiter = this.#nextWaiter()) this.#serve(waiter)
  }

  #takeIdle(waiter: Waiter): Connection | undefined {
    const sameKey = this.#idleByKey.get(waiter.key) ?? []
    for (let at = sameKey.length - 1; at >= 0; at--) {
      const connection = sameKey[at] as Connection
      if (!mayServe(connection, waiter)) continue
      // Nearly always the newest: `splice` would make an array of it.
      if (at === sameKey.length - 1) sameKey.pop()
      else sameKey.splice(at, 1)
      if (sameKey.length === 0) this.#idleByKey.delete(waiter.key)
      this.#idle.delete(connection)
      if (connection.isUsable) return connection
      // Closing already, and no longer counted.
      this.#open.delete(connection)
    }
    return undefined
  }

  #evictOldest(): void {
    const [oldest] = this.#idle
    if (oldest === undefined) return
    this.#forgetIdle(oldest)
    this.#open.delete(oldest)
    oldest.close()
    this.evicted++
  }

  #forgetIdle(connection: Connection): void {
    if (!this.#idle.delete(connection)) return
    const sameKey = this.#idleByKey.get(connection.key) ?? []
    const rest = sameKey.filter(other => other !== connection)
    if (rest.length === 0) this.#idleByKey.delete(connection.key)
    else this.#idleByKey.set(connection.key, rest)
  }

  #nextWaiter(): Waiter | undefined {
    if (this.#isClosed) return undefined
    const waiter = this.#shares.next()
    if (waiter !== undefined) this.#waiting.delete(waiter)
    return waiter
  }

  #sendAway(waiter: Waiter, code: Code): void {
    this.#waiting.delete(waiter)
    this.#shares.leave(waiter)
    waiter.onUnavailable(new Fault(code))
  }

  #connect(waiter: Waiter): void {
    const { tls, connectTimeoutMs } = this.#settings
    const { holder } = waiter
    this.#connecting++
    this.opened++
    const readBuffer = new ReadBuffer()
    const socket = openSocket(this.#settings, readBuffer.onread, this.#tlsSession)
    const timer = setTimeout(() => socket.destroy(new Fault('upstream-connect-timeout')), connectTimeoutMs)
    const settle = () => {
      clearTimeout(timer)
      socket.off('error', onFailure).off(tls === undefined ? 'connect' : 'secureConnect', onConnected)
      this.#connecting--
    }
    const onFailure = (error: Error): void => {
      settle()
      if (holder !== undefined) this.#shares.release(holder)
      waiter.onUnavailable(error instanceof Fault ? error : new Fault(codeOfConnectError(error), error))
      this.#serveWaiting()
    }
    const onConnected = (): void => {
      settle()
      this.#welcome(socket, readBuffer, waiter, holder)
    }
    socket.once('error', onFailure).once(tls === undefined ? 'connect' : 'secureConnect', onConnected)
    socket.on('session', this.#onTlsSession)
  }

  /** Not made for each connection, which it outlives its first request with: it would keep that one, and all it leads to. */
  readonly #onTlsSession = (session: Buffer): void => {
    this.#tlsSession = session
  }

  #welcome(socket: Socket, readBuffer: ReadBuffer, waiter: Waiter, holder: Owner | undefined): void {
    const connection = new Connection(waiter.key, socket, readBuffer, this, this.#settings)
    connection.holder = holder
    connection.renewAtMs = this.#settings.monotonic() + maxAgeMs(this.opened)
    this.#open.add(connection)
    this.#startTick()
    if (this.#isClosed) connection.close()
    else if (waiter.cancelled) this.onFree(connection)
    else waiter.onConnection(connection)
  }

  #startTick(): void {
    this.#tick ??= setInterval(this.#expire, TICK_MS).unref()
  }

  readonly #expire = (): void => {
    const now = this.#settings.monotonic()
    const heldUp: Connection[] = []
    for (const connection of this.#open) {
      connection.expire(now)
      if (connection.heldUpAtMs <= now - HELD_UP_MS && connection.holder?.standing !== 'proven') heldUp.push(connection)
    }
    for (const connection of heldUp.slice(this.#shares.mostHolding))
      connection.fail('unproven-share-exceeded', undefined)
    for (const [waiter, deadlineMs] of this.#waiting) {
      if (now < deadlineMs) break
      this.#sendAway(waiter, 'upstream-queue-timeout')
    }
  }
}
