/**
 * Tokens of the server itself that it has accepted lately: who sends one is somebody. It says nothing about what the
 * token may do, and nothing is let pass because of it. The tokens stay in memory, and are told to nobody.
 */
import { BoundedMap } from '../bounded-map.ts'
import { isWithin, type MonotonicClock } from '../clock.ts'

const MAX_REMEMBERED = 20_000
/** Those of servers have some hundred characters, with many claims a few thousand. */
const MAX_LENGTH = 8192
const REMEMBERED_MS = 3_600_000
/** Uses that follow one another within this time are noted as one. */
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
