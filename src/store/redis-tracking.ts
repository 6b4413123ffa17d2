/**
 * Which of our keys changed, as Redis itself tells it (CLIENT TRACKING in broadcasting mode), whoever changes them:
 * other processes, older versions, scripts, time. It tells on a connection of its own, in the order in which it works:
 * what a PING is answered behind was told before. So what was read holds until the time of the last PING that came
 * back, unless it was told otherwise.
 *
 *   connected --> tracking on --> missed   (what was read in between may have changed)
 *   PING ... PONG                 --> told, and known until the PING was sent
 *   connection lost, no answer    --> known no further: sessions are read again after `cacheMs`
 *   a user who may not track      --> the same, for good
 */
import type { MonotonicClock } from '../clock.ts'
import type { WriteEvents } from './changes.ts'
import type { OpenTracking, TrackingClient } from './redis-driver.ts'
import { isNoPermission } from './redis-reply.ts'

/** Unanswered for so long: then the connection is made anew, whatever it hangs on. */
const PATIENCE_MS = 5000

export class RedisTracking implements AsyncDisposable {
  readonly #open: OpenTracking
  readonly #prefixes: readonly string[]
  readonly #events: WriteEvents
  readonly #monotonic: MonotonicClock
  readonly #timer: NodeJS.Timeout
  #client: TrackingClient | undefined
  #connecting: Promise<unknown> | undefined
  #isTracking = false
  #askedAtMs: number | undefined
  #told = new Set<string>()
  #knownUntilMs = Number.NEGATIVE_INFINITY

  constructor(
    open: OpenTracking,
    prefixes: readonly string[],
    everyMs: number,
    events: WriteEvents,
    monotonic: MonotonicClock,
  ) {
    this.#open = open
    this.#prefixes = prefixes
    this.#events = events
    this.#monotonic = monotonic
    this.#connect()
    this.#timer = setInterval(() => void this.#ask(), everyMs).unref()
  }

  /** All that changed before this was told; monotonic. */
  get knownUntilMs(): number {
    return this.#knownUntilMs
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    this.#lose()
    await this.#drop()
  }

  #connect(): void {
    void this.#drop()
    const client = this.#open(() => client === this.#client)
    this.#client = client
    // Commands fail by what goes wrong; the client tries again by itself.
    client.on('error', error => this.#fail(client, error))
    client.on('ready', () => void this.#begin(client))
    client.on('invalidate', name => this.#hear(name))
    this.#connecting = client.connect().catch(() => undefined)
  }

  async #begin(client: TrackingClient): Promise<void> {
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
    await this.#ask()
  }

  async #ask(): Promise<void> {
    const client = this.#client
    const now = this.#monotonic()
    if (this.#askedAtMs !== undefined) {
      if (now - this.#askedAtMs > PATIENCE_MS) {
        this.#lose()
        this.#connect()
      }
      return
    }
    if (client === undefined || !this.#isTracking) return
    this.#askedAtMs = now
    try {
      await client.sendCommand(['PING'])
      // Lost and begun anew meanwhile: then this says nothing.
      if (this.#askedAtMs !== now || !this.#isTracking || client !== this.#client) return
      this.#tell()
      this.#knownUntilMs = now
    } catch {
      // Said by `error` as well.
    } finally {
      if (this.#askedAtMs === now) this.#askedAtMs = undefined
    }
  }

  #fail(client: TrackingClient, error: unknown): void {
    if (client !== this.#client) return
    this.#lose()
    if (!isNoPermission(error)) return
    // It will not be allowed by asking again.
    void this.#drop()
  }

  async #drop(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    // What is being connected can be ended only then.
    await this.#connecting
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
    this.#knownUntilMs = Number.NEGATIVE_INFINITY
  }
}
