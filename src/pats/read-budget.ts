/**
 * How often the server is asked about tokens that it turns out not to know: per client network, and in all. Otherwise
 * anybody could have Torhaus banned by its own server, or use the server through it to try tokens.
 */
import { BoundedMap } from '../bounded-map.ts'
import type { MonotonicClock } from '../clock.ts'

export const WINDOW_MS = 60_000
/** Networks counted at a time. More of them within a minute run into the limit in all first. */
const MAX_NETWORKS = 10_000

export interface ReadBudgetSettings {
  /** Within a minute. */
  readonly maxPerNetwork: number
  readonly maxInAll: number
}

interface Count {
  readonly beganAtMs: number
  spent: number
}

export class ReadBudget {
  readonly #settings: ReadBudgetSettings
  readonly #monotonic: MonotonicClock
  readonly #networks = new BoundedMap<string, Count>(MAX_NETWORKS)
  #all: Count

  constructor(settings: ReadBudgetSettings, monotonic: MonotonicClock) {
    this.#settings = settings
    this.#monotonic = monotonic
    this.#all = { beganAtMs: monotonic(), spent: 0 }
  }

  /** Undefined: taken. Otherwise after how many seconds to try again. */
  take(network: string): number | undefined {
    const nowMs = this.#monotonic()
    const { maxInAll, maxPerNetwork } = this.#settings
    if (isOver(this.#all, nowMs)) this.#all = { beganAtMs: nowMs, spent: 0 }
    let own = this.#networks.get(network)
    if (own === undefined || isOver(own, nowMs)) {
      own = { beganAtMs: nowMs, spent: 0 }
      this.#networks.set(network, own)
    }
    if (own.spent >= maxPerNetwork) return secondsLeft(own, nowMs)
    if (this.#all.spent >= maxInAll) return secondsLeft(this.#all, nowMs)
    own.spent++
    this.#all.spent++
    return undefined
  }

  /** The token was valid: clients with valid tokens are not limited. */
  giveBack(network: string): void {
    const own = this.#networks.get(network)
    if (own !== undefined && own.spent > 0) own.spent--
    if (this.#all.spent > 0) this.#all.spent--
  }
}

const isOver = ({ beganAtMs }: Count, nowMs: number) => nowMs - beganAtMs >= WINDOW_MS
const secondsLeft = ({ beganAtMs }: Count, nowMs: number) =>
  Math.max(1, Math.ceil((beganAtMs + WINDOW_MS - nowMs) / 1000))
