/**
 * How often tokens with keys that nobody knows make us ask the OP for its keys. A key that was looked for in vain rests
 * for a while, by its id; strangers together may ask once in a shorter while. So a new key is found at once, and a
 * flood of made-up ids is no flood of requests.
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
