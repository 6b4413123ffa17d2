/**
 * Limits how often tokens with unknown keys make us fetch the keys of the OP. A key id that was not found is not looked
 * for again for a while, and all other unknown ids together may cause one fetch per shorter interval. So a new key is
 * found at once, but a flood of made-up ids does not become a flood of requests.
 */
import { createHash } from 'node:crypto'
import { BoundedMap } from '../bounded-map.ts'
import { type Clock, isWithin } from '../clock.ts'

/** How long one key id rests. */
const REST_MS = 30_000
/** From one question for the sake of strangers to the next. */
const PAUSE_MS = 5000
/** Most key ids remembered. */
const MAX_RESTING = 1000

export class UnknownKeyLimit {
  readonly #now: Clock
  readonly #restingSinceMs = new BoundedMap<string, number>(MAX_RESTING)
  /** When strangers made us ask. */
  #askedAtMs: number | undefined

  constructor(now: Clock) {
    this.#now = now
  }

  /**
   * `isFromOp`: the token came from the OP itself, over a connection to it. Then no stranger can make up its key id.
   */
  mayAsk(keyId: string, isFromOp: boolean): boolean {
    const now = this.#now()
    if (isWithin(now, this.#restingSinceMs.get(hashOf(keyId)), REST_MS)) return false
    if (isFromOp) return true
    if (isWithin(now, this.#askedAtMs, PAUSE_MS)) return false
    this.#askedAtMs = now
    return true
  }

  /** The keys that were asked for are here, and that one is not among them. */
  rest(keyId: string): void {
    this.#restingSinceMs.set(hashOf(keyId), this.#now())
  }
}

/** A key id is as long as its token pleases. */
const hashOf = (keyId: string) => createHash('sha256').update(keyId).digest('base64url')
