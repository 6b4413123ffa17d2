/**
 * Changes of our keys that one Redis server reports by itself (CLIENT TRACKING in broadcasting mode), whoever makes
 * them: other processes, older versions, scripts, expiry. It reports them on a separate connection, in the order in
 * which it works: changes made before a command are reported before the answer to that command. So after an answer,
 * everything read from this server is current as of when the command was sent, unless a change was reported. The
 * command is a write, and what it wrote must be found where everything else is read; otherwise that is another server,
 * such as a former master.
 *
 *   connected --> tracking on --> missed            (what was read in between may have changed)
 *   SET ... OK, and found where we read --> told, and everything is known until the SET was sent
 *   not found there                     --> reconnect
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

/** Unanswered for so long, or connected for so long to what is a replica now: then the connection is made anew. */
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

  /** `open`: a connection to that server. */
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

  /** All that changed before this was told; monotonic. */
  get knownUntilMs(): number {
    return this.#knownUntilMs
  }

  /** `read`: what stands at a key, for who reads everything else. Never rejects. */
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
      // Read whatever came of it: so a client learns that a slot has moved.
      const found = await read(key)
      // Lost and begun anew meanwhile: then this says nothing.
      if (this.#askedAtMs !== now || !this.#isTracking || client !== this.#client) return
      if (refusal === 'READONLY' && now - this.#connectedAtMs > PATIENCE_MS) return this.#connect()
      if (refusal !== undefined) return
      if (found !== mark) return this.#connect()
      this.#tell()
      this.#knownUntilMs = now
    } catch {
      // Said by who reads as well.
    } finally {
      // Also where nothing was proven: it must not pile up.
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
    // Commands fail by what goes wrong; the client tries again by itself.
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
      // The client itself has begun in another mode, in which Redis remembers each key that was read.
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
    // It will not be allowed by asking again.
    void this.#drop()
  }

  async #drop(): Promise<void> {
    const [client, connecting] = [this.#client, this.#connecting]
    this.#client = undefined
    // What is being connected can be ended only then.
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
    // Before anything is known again, everything was missed.
    this.#told = new Set()
    this.#knownUntilMs = Number.NEGATIVE_INFINITY
  }
}
