/**
 * Collects changes of Torhaus' keys from all servers that accept writes: the single server, the master named by the
 * sentinels, or all masters of a cluster. The time up to which all changes are known is the earliest of theirs.
 *
 *   another server accepts writes   --> missed; nothing more is known until that server reports, too
 *   one no longer accepts writes    --> missed: its last reports may be lost
 */
import { randomUUID } from 'node:crypto'
import type { MonotonicClock } from '../clock.ts'
import type { WriteEvents } from './changes.ts'
import type { OpenTracking } from './redis-driver.ts'
import type { RedisNames } from './redis-names.ts'
import type { RedisServer } from './redis-servers.ts'
import { TrackedServer } from './tracked-server.ts'

/** The connection used for all other reads and writes. */
export interface TrackedWay {
  servers(): readonly RedisServer[]
  call(key: string, ...args: readonly string[]): Promise<unknown>
}

export class RedisTracking implements AsyncDisposable {
  readonly #way: TrackedWay
  readonly #open: OpenTracking
  readonly #names: Pick<RedisNames, 'key'>
  readonly #prefixes: readonly string[]
  readonly #events: WriteEvents
  readonly #monotonic: MonotonicClock
  readonly #timer: NodeJS.Timeout
  /** By URL. */
  readonly #servers = new Map<string, TrackedServer>()
  /** Kind of this process' marks. */
  readonly #kind = `mark:${randomUUID()}`

  /** `prefixes`: of the names of the tracked keys. */
  constructor(
    way: TrackedWay,
    open: OpenTracking,
    names: Pick<RedisNames, 'key'>,
    prefixes: readonly string[],
    everyMs: number,
    events: WriteEvents,
    monotonic: MonotonicClock,
  ) {
    this.#way = way
    this.#open = open
    this.#names = names
    this.#prefixes = prefixes
    this.#events = events
    this.#monotonic = monotonic
    this.#ask()
    this.#timer = setInterval(() => this.#ask(), everyMs).unref()
  }

  /** The monotonic time up to which all changes are known. */
  get knownUntilMs(): number {
    if (this.#servers.size === 0) return Number.NEGATIVE_INFINITY
    let known = Number.POSITIVE_INFINITY
    for (const { knownUntilMs } of this.#servers.values()) known = Math.min(known, knownUntilMs)
    return known
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    const servers = [...this.#servers.values()]
    this.#servers.clear()
    await Promise.all(servers.map(server => server[Symbol.asyncDispose]()))
  }

  #ask(): void {
    const wanted = new Map(this.#way.servers().map(({ url, tag }) => [url, tag]))
    for (const [url, server] of this.#servers) {
      if (wanted.has(url)) continue
      this.#servers.delete(url)
      void server[Symbol.asyncDispose]()
      this.#events.missed()
    }
    for (const [url, tag] of wanted)
      void this.#server(url).ask(this.#names.key(this.#kind, tag), key => this.#way.call(key, 'GET', key))
  }

  #server(url: string): TrackedServer {
    const known = this.#servers.get(url)
    if (known !== undefined) return known
    const open = (isWanted: () => boolean) => this.#open(url, isWanted)
    const server = new TrackedServer(open, this.#prefixes, this.#events, this.#monotonic)
    this.#servers.set(url, server)
    return server
  }
}
