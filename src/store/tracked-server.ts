/**
 * Changes of Torhaus' keys that one Redis server reports (CLIENT TRACKING in broadcasting mode), whoever makes them:
 * other processes, older versions, scripts, expiry. It reports them on a separate connection, in order of execution:
 * changes made before a command are reported before the reply to that command. So after a reply,
 * everything read from this server is current as of when the command was sent, unless a change was reported. The
 * command is a write, and what it wrote must be found where everything else is read; otherwise that is another server,
 * such as a former master.
 *
 *   connected --> tracking on --> missed            (what was read in between may have changed)
 *   SET ... OK, and found by reads      --> told, and everything is known until the SET was sent
 *   not found by reads                  --> reconnect
 *   refused by a replica                --> reconnect, because its name may lead to the master by now
 *   connection lost, no answer          --> nothing more is known: everything is read again after `cacheMs`
 *   the user may not use tracking       --> the same, permanently
 */
import { randomUUID } from 'node:crypto'
import type { MonotonicClock } from '../clock.ts'
import type { WriteEvents } from './changes.ts'
import { replyCode } from './redis-condition.ts'
import type { TrackingClient } from './redis-driver.ts'
import { isNotAllowed } from './redis-reply.ts'

/** After this long without an answer, or connected to a replica, the connection is replaced. */
const PATIENCE_MS = 5000
const MARK_LIFE_MS = 10_000

export class TrackedServer implements AsyncDisposable {
  readonly #open: (isWanted: () => boolean) => TrackingClient
  readonly #prefixes: readonly string[]
  readonly #events: WriteEvents
  readonly #monotonic: MonotonicClock
  #client: TrackingClient | undefined
  #connecting: Promise<unknown> | undefined
  #isTracking = false
  #connectedAtMs = 0
  #askedAtMs: number | undefined
  #told = new Set<string>()
  #knownUntilMs = Number.NEGATIVE_INFINITY

  /** `open` creates a connection to the server. */
  constructor(
    open: (isWanted: () => boolean) => TrackingClient,
    prefixes: readonly string[],
    events: WriteEvents,
    monotonic: MonotonicClock,
  ) {
    this.#open = open
    this.#prefixes = prefixes
    this.#events = events
    this.#monotonic = monotonic
    this.#connect()
  }

  /** The monotonic time up to which all changes are known. */
  get knownUntilMs(): number {
    return this.#knownUntilMs
  }

  /** `read`: reads a key by the connection used for everything else. Never rejects. */
  async ask(key: string, read: (key: string) => Promise<unknown>): Promise<void> {
    const client = this.#client
    const now = this.#monotonic()
    if (this.#askedAtMs !== undefined) {
      if (now - this.#askedAtMs > PATIENCE_MS) this.#connect()
      return
    }
    if (client === undefined || !this.#isTracking) return
    this.#askedAtMs = now
    try {
      const mark = randomUUID()
      const set = client.sendCommand(['SET', key, mark, 'PX', String(MARK_LIFE_MS)])
      const refusal = await set.then(
        () => undefined,
        error => replyCode(error) ?? 'no answer',
      )
      // Read in any case, so that a cluster client learns of moved slots.
      const found = await read(key)
      // The connection was replaced in the meantime, so the result proves nothing.
      if (this.#askedAtMs !== now || !this.#isTracking || client !== this.#client) return
      if (refusal === 'READONLY' && now - this.#connectedAtMs > PATIENCE_MS) return this.#connect()
      if (refusal !== undefined) return
      if (found !== mark) return this.#connect()
      this.#tell()
      this.#knownUntilMs = now
    } catch {
      // Errors of reading are reported by the other connection.
    } finally {
      // Also without proof, so that keys do not pile up.
      this.#tell()
      if (this.#askedAtMs === now) this.#askedAtMs = undefined
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lose()
    await this.#drop()
  }

  #connect(): void {
    this.#lose()
    void this.#drop()
    const client = this.#open(() => client === this.#client)
    this.#client = client
    this.#connectedAtMs = this.#monotonic()
    // Commands fail with these errors; the client reconnects by itself.
    client.on('error', error => this.#fail(client, error))
    client.on('ready', () => void this.#begin(client))
    client.on('invalidate', name => this.#hear(name))
    this.#connecting = client.connect().catch(() => undefined)
  }

  async #begin(client: TrackingClient): Promise<void> {
    if (client !== this.#client) return
    this.#lose()
    try {
      const prefixes = this.#prefixes.flatMap(prefix => ['PREFIX', prefix])
      // The client has enabled tracking in default mode, in which Redis remembers each key read.
      await client.sendCommand(['CLIENT', 'TRACKING', 'OFF'])
      await client.sendCommand(['CLIENT', 'TRACKING', 'ON', 'BCAST', ...prefixes])
    } catch (error) {
      this.#fail(client, error)
      return
    }
    if (client !== this.#client) return
    this.#events.missed()
    this.#isTracking = true
  }

  #fail(client: TrackingClient, error: unknown): void {
    if (client !== this.#client) return
    this.#lose()
    if (!isNotAllowed(error)) return
    // Retrying would not be allowed either.
    void this.#drop()
  }

  async #drop(): Promise<void> {
    const [client, connecting] = [this.#client, this.#connecting]
    this.#client = undefined
    // A connection attempt can only be ended once it has settled.
    await connecting
    if (client?.isOpen) client.destroy()
  }

  #hear(name: Buffer | string | null): void {
    if (name !== null) this.#told.add(String(name))
    else this.#events.missed()
  }

  #tell(): void {
    if (this.#told.size === 0) return
    const told = this.#told
    this.#told = new Set()
    this.#events.changed(told)
  }

  #lose(): void {
    this.#isTracking = false
    this.#askedAtMs = undefined
    // `missed` is reported before anything is known again.
    this.#told = new Set()
    this.#knownUntilMs = Number.NEGATIVE_INFINITY
  }
}
