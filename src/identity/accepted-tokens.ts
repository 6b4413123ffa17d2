/**
 * Tokens issued by the origin server that it has accepted recently: whoever sends one is a known client. This says
 * nothing about what the token permits, and admits nothing. The tokens stay in memory and are never disclosed.
 */
import { BoundedMap } from '../bounded-map.ts'
import { isWithin, type MonotonicClock } from '../clock.ts'

const MAX_REMEMBERED = 20_000
/** In characters: tokens of servers have some hundred, with many claims a few thousand. */
const MAX_LENGTH = 8192
const REMEMBERED_MS = 3_600_000
/** Further uses within this time are not recorded again. */
const NOTED_EVERY_MS = 60_000

export class AcceptedTokens {
  readonly #monotonic: MonotonicClock
  readonly #acceptedAtMs = new BoundedMap<string, number>(MAX_REMEMBERED)

  constructor(monotonic: MonotonicClock) {
    this.#monotonic = monotonic
  }

  note(token: string): void {
    if (token.length > MAX_LENGTH || this.#wasWithin(token, NOTED_EVERY_MS)) return
    this.#acceptedAtMs.set(token, this.#monotonic())
  }

  has(token: string): boolean {
    return this.#wasWithin(token, REMEMBERED_MS)
  }

  #wasWithin(token: string, ms: number): boolean {
    return isWithin(this.#monotonic(), this.#acceptedAtMs.get(token), ms)
  }
}
