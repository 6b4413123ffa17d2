/** How far the clock of this machine differs from that of Redis, which is the common clock of all machines. */
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

  /** `measured` is told of each measurement; ahead of Redis counts above zero. */
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

  /** Undefined before the first measurement, and where Redis does not let us ask. */
  get differenceMs(): number | undefined {
    return this.#differenceMs
  }

  /** Never rejects: what cannot be measured now is measured in a while. */
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
      // Away: the next time, then. A user without the command will not be given it, and each refusal would count as an
      // error of the store.
      if (isNotAllowed(error)) this[Symbol.dispose]()
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}
