/** Measures how far this machine's clock differs from that of Redis, the common clock of all machines. */
import type { Surroundings } from '../clock.ts'
import type { RedisConnection } from './redis-connection.ts'
import { isNotAllowed, textsOf } from './redis-reply.ts'

const MEASURE_INTERVAL_MS = 30_000

export class RedisClock implements Disposable {
  readonly #link: Pick<RedisConnection, 'call'>
  readonly #surroundings: Pick<Surroundings, 'now' | 'monotonic'>
  readonly #measured: (differenceMs: number) => void
  readonly #timer: NodeJS.Timeout
  #differenceMs: number | undefined

  /** `measured` is called with each result; positive: ahead of Redis. */
  constructor(
    link: Pick<RedisConnection, 'call'>,
    surroundings: Pick<Surroundings, 'now' | 'monotonic'>,
    measured: (differenceMs: number) => void,
  ) {
    this.#link = link
    this.#surroundings = surroundings
    this.#measured = measured
    this.#timer = setInterval(() => void this.measure(), MEASURE_INTERVAL_MS).unref()
  }

  /** Undefined before the first measurement, and if the Redis user may not call TIME. */
  get differenceMs(): number | undefined {
    return this.#differenceMs
  }

  /** Never rejects: a failed measurement is repeated later. */
  async measure(): Promise<void> {
    const { now, monotonic } = this.#surroundings
    const askedAtMs = monotonic()
    try {
      const [seconds, microseconds] = textsOf(await this.#link.call('time', 'TIME'))
      const halfWayMs = (monotonic() - askedAtMs) / 2
      const differenceMs = now() - halfWayMs - (Number(seconds) * 1000 + Number(microseconds) / 1000)
      this.#differenceMs = differenceMs
      this.#measured(differenceMs)
    } catch (error) {
      // If Redis is unavailable, the next measurement may succeed. If the user lacks permission, measuring stops,
      // because each refusal would count as an error of the store.
      if (isNotAllowed(error)) this[Symbol.dispose]()
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}
