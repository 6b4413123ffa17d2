/**
 * The open tunnels and event streams. A request is judged once, but these stay open, so they are judged again: at once
 * when something that admitted them has changed, and otherwise about once a minute. Those that would no longer be
 * admitted are closed.
 *
 *   reserve() --> open() --> judged, again and again --> ended, with the code it would be refused with
 *       |            |                     |
 *       |            |                     +-- cannot be judged: stays, for MAX_UNJUDGED_MS at most
 *       |            +-- no admission: both sockets are closed
 *       +-- answered otherwise, or not at all: the place is freed when the socket closes
 *
 * An event stream is a response like any other and takes no place: watch() --> judged ... --> ended, or released.
 *
 * Invariants: open tunnels <= reserved places <= maxTunnels; `#open` is ordered by when a tunnel was last judged,
 * oldest first.
 */

import type { Socket } from 'node:net'
import type { AccountKeyOf } from '../account-key.ts'
import { Admission } from '../admission.ts'
import type { MonotonicClock } from '../clock.ts'
import { type Code, Fault } from '../errors.ts'
import type { Delegated } from '../exchange.ts'
import type { UpgradedClient } from '../listener/upgraded-client.ts'
import type { ExchangeRecord } from '../observability/exchange-record.ts'
import { keyOf } from '../session/opaque-id.ts'
import type { Change, Changes } from '../store/changes.ts'
import { Tunnel } from './tunnel.ts'

interface TunnelSettings {
  readonly maxTunnels: number
  readonly idleTimeoutMs: number
  /** Maximum age in milliseconds, even if the credentials are still valid. */
  readonly maxAgeMs: number
}

export interface TunnelParts {
  readonly settings: TunnelSettings
  readonly changes: Changes
  /** Why it would be refused now; undefined: it would be admitted. Rejects if that cannot be determined now. */
  readonly refusal: (exchange: Delegated) => Promise<Code | undefined>
  /** Maps all spellings of an account to one. */
  readonly accountKey: AccountKeyOf
  readonly monotonic: MonotonicClock
}

type End = (code: Code, cause?: unknown) => void

interface Open {
  readonly end: End
  readonly exchange: Delegated
  /** Keys of the sessions that were sent with the request. */
  readonly sessionKeys: readonly string[]
  readonly openedAtMs: number
  judgedAtMs: number
}

const TICK_MS = 1000
/** Each tick judges an equal part of the tunnels, so a round takes this many ticks. */
const TICKS_PER_ROUND = 60
/** How long a tunnel stays open without being judged because store or OP are unavailable, in milliseconds. */
const MAX_UNJUDGED_MS = 300_000

export class Tunnels implements Disposable {
  readonly #parts: TunnelParts
  /** Ordered by when they were last judged, oldest first. */
  readonly #open = new Set<Open>()
  readonly #tick: NodeJS.Timeout
  #tunnels = 0
  #reserved = 0
  #isClosed = false

  constructor(parts: TunnelParts) {
    this.#parts = parts
    this.#tick = setInterval(this.#judgeSome, TICK_MS).unref()
    parts.changes.subscribe(this.#onChange)
  }

  get count(): number {
    return this.#tunnels
  }

  /** Reserves a place for a handshake until its socket closes. Throws `tunnel-limit`. */
  reserve({ socket }: UpgradedClient): void {
    if (this.#isClosed || this.#reserved >= this.#parts.settings.maxTunnels) throw new Fault('tunnel-limit')
    this.#reserved++
    socket.once('close', () => this.#reserved--)
  }

  /**
   * Joins a client that has received its 101 to the upstream. Throws if the exchange was not admitted. `early`: what
   * the upstream sent with its 101.
   */
  open(client: UpgradedClient, upstream: Socket, early: Buffer, exchange: Delegated, record: ExchangeRecord): void {
    try {
      Admission.redeem(exchange, 'tunnelled')
    } catch (error) {
      client.socket.destroy()
      upstream.destroy()
      throw error
    }
    const { settings } = this.#parts
    const tunnel = new Tunnel(client.socket, upstream, settings.idleTimeoutMs, {
      onBytes(direction, count) {
        if (direction === 'to_upstream') record.requestBytes += count
        else record.responseBytes += count
      },
      onEnd: (end, cause) => {
        this.#open.delete(open)
        this.#tunnels--
        if (end === 'as-agreed') return
        record.outcome = 'aborted'
        record.code = end
        record.cause = cause
      },
    })
    const open = this.#keep(exchange, (code, cause) => tunnel.end(code, cause))
    this.#tunnels++
    tunnel.pass('to_upstream', client.release())
    tunnel.pass('to_client', early)
    if (this.#isClosed) tunnel.end('tunnel-drained')
    // What ended while the origin server was asked was announced before this tunnel was registered.
    else void this.#judge(open)
  }

  /**
   * Judges an admitted event stream that has begun, without its request content, which is not kept. `end` ends the
   * stream. Call the returned function when the stream is over.
   */
  watch(exchange: Delegated, end: End): () => void {
    if (this.#isClosed) {
      end('tunnel-drained')
      return () => undefined
    }
    const open = this.#keep(exchange, end)
    void this.#judge(open)
    return () => void this.#open.delete(open)
  }

  /** Ends all of them and admits no more, because the process is stopping. */
  closeAll(): void {
    this.#isClosed = true
    clearInterval(this.#tick)
    for (const { end } of this.#open) end('tunnel-drained')
  }

  [Symbol.dispose](): void {
    this.closeAll()
  }

  #keep(exchange: Delegated, end: End): Open {
    const now = this.#parts.monotonic()
    const sessionKeys = sessionKeysOf(exchange)
    const open = { end, exchange, sessionKeys, openedAtMs: now, judgedAtMs: now }
    this.#open.add(open)
    return open
  }

  readonly #judgeSome = (): void => {
    let left = Math.ceil(this.#open.size / TICKS_PER_ROUND)
    for (const open of this.#open) {
      if (left-- === 0) return
      // Moves it to the end of the order.
      this.#open.delete(open)
      this.#open.add(open)
      void this.#judge(open)
    }
  }

  /** Never rejects. */
  async #judge(open: Open): Promise<void> {
    const { settings, refusal, monotonic } = this.#parts
    if (monotonic() - open.openedAtMs > settings.maxAgeMs) return open.end('tunnel-too-old')
    try {
      const code = await refusal(open.exchange)
      if (code === undefined) open.judgedAtMs = monotonic()
      else open.end(code)
    } catch (error) {
      if (monotonic() - open.judgedAtMs > MAX_UNJUDGED_MS) open.end('tunnel-unjudged', error)
    }
  }

  readonly #onChange = (change: Change): void => {
    for (const open of this.#open) {
      if (change.kind === 'session' || change.kind === 'session-ended') {
        if (open.sessionKeys.includes(change.key)) open.end('session-ended')
      } else if (change.kind === 'sessions-changed') {
        if (open.sessionKeys.some(key => change.keys.has(key))) void this.#judge(open)
      } else if (this.#concerns(change, open.exchange)) {
        if (change.kind === 'account' && isRemembered(open.exchange)) open.end('session-ended')
        else void this.#judge(open)
      }
    }
  }

  #concerns(
    change: Exclude<Change, { kind: 'session' | 'session-ended' | 'sessions-changed' }>,
    { account, credentials }: Delegated,
  ): boolean {
    if (change.kind === 'pat' || change.kind === 'pat-blocked' || change.kind === 'pat-withdrawn')
      return credentials.scheme === 'pat' && credentials.fingerprints.includes(change.fingerprint)
    if (change.kind === 'pats-changed')
      return credentials.scheme === 'pat' && credentials.fingerprints.some(known => change.fingerprints.has(known))
    // Changes by other processes may have been lost, so any exchange may be concerned.
    if (change.kind === 'missed') return true
    // Every tunnel is judged once a minute anyway; the process that ended a session announces that separately.
    if (change.kind === 'refreshed' || change.kind === 'op-logout') return false
    if (change.kind === 'sessions-ended' || change.kind === 'grants-changed') return false
    const { accountKey } = this.#parts
    return (
      account !== undefined &&
      accountKey(account) === ('accountKey' in change ? change.accountKey : accountKey(change.account))
    )
  }
}

/** A ticket cannot be presented twice, and a password is not checked again: only their earlier success is known. */
const isRemembered = ({ credentials }: Delegated) =>
  credentials.scheme === 'negotiate' || credentials.scheme === 'basic'

function sessionKeysOf({ credentials, companionSession }: Delegated): string[] {
  const ids = [credentials.scheme === 'session' ? credentials.id : undefined, companionSession]
  return ids.filter(id => id !== undefined).map(keyOf)
}
