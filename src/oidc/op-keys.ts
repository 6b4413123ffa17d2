/**
 * The keys of the OP (RFC 7517 5), shared by everything that it signs: one copy, and one limit on how often it is
 * fetched.
 *
 *   age of the copy    0 ------- 3/4 -------- maxAge ------------- maxAge + grace
 *                        used    | used, read  | read first;          | refused
 *                                | again       | OP away: used        |
 *
 * So a key that the OP has withdrawn is accepted for at most `maxAge` while the OP can be reached. For a key that is
 * not in the copy, the keys are fetched at once, within the limits of `UnknownKeyLimit`.
 */
import {
  type CryptoKey,
  createLocalJWKSet,
  errors,
  type FlattenedJWSInput,
  type JSONWebKeySet,
  type JWSHeaderParameters,
} from 'jose'
import { type Clock, isWithin } from '../clock.ts'
import { Fault } from '../errors.ts'
import type { OpFetch } from './op-fetch.ts'
import { UnknownKeyLimit } from './unknown-key-limit.ts'

type Resolve = (header?: JWSHeaderParameters, token?: FlattenedJWSInput) => Promise<CryptoKey>

export interface KeySet {
  readonly resolve: Resolve
  readonly issuer: string
}

/** URL of the OP's keys, and its issuer identifier. Rejects with `op-unreachable` and the like. */
export type KeySource = () => Promise<{ readonly jwksUri: string; readonly issuer: string }>

export interface OpKeysParts {
  readonly source: KeySource
  readonly fetch: OpFetch
  /** There were none: it may publish them elsewhere by now. */
  readonly failed: () => void
  readonly maxAgeMs: number
  /** How much longer than `maxAgeMs` a copy is used while the keys cannot be read again. */
  readonly graceMs: number
  readonly now: Clock
}

interface Copy {
  readonly resolve: Resolve
  readonly text: string
  /** Which of our requests brought it. */
  readonly request: number
}

/** The part of its age from which on the copy is read again while it is used. */
const RENEW_AFTER = 0.75

/** Pause after a failure, so that many tokens do not cause many requests to a broken OP. */
const RETRY_MS = 2000

export class OpKeys {
  readonly #parts: OpKeysParts
  readonly #limit: UnknownKeyLimit
  #copy: Copy | undefined
  #readAtMs = Number.NEGATIVE_INFINITY
  #generation = 0
  /** Requests started so far. */
  #requests = 0
  #reading: Promise<void> | undefined
  /** The failure of the last request, if it failed. */
  #failure: { readonly atMs: number; readonly cause: unknown } | undefined

  constructor(parts: OpKeysParts) {
    this.#parts = parts
    this.#limit = new UnknownKeyLimit(parts.now)
  }

  /** Another number once the OP publishes other keys: what was believed for a key of before is to be judged again. */
  get generation(): number {
    return this.#generation
  }

  /** Whether the copy may be used now. One that is about to be too old is read again meanwhile. */
  areCurrent(): boolean {
    const ageMs = this.#parts.now() - this.#readAtMs
    if (ageMs >= 0 && ageMs < this.#parts.maxAgeMs * RENEW_AFTER) return true
    const { maxAgeMs, graceMs } = this.#parts
    const lastsMs = this.#failure === undefined ? maxAgeMs : maxAgeMs + graceMs
    // Negative: the clock was set back, so the age is unknown.
    if (ageMs < 0 || ageMs >= lastsMs) return false
    if (!this.#isPausing()) this.#read().catch(() => undefined)
    return true
  }

  /**
   * Tokens that come together wait for the same request. Rejects with `op-unreachable` and the like.
   * `isFromOp`: the token to be verified came from the OP itself.
   */
  async keySet(isFromOp = false): Promise<KeySet> {
    const requestsBefore = this.#requests
    const { issuer } = await this.#parts.source()
    if (!this.areCurrent()) await this.#renew()
    return { issuer, resolve: (header, token) => this.#resolve(header, token, requestsBefore, isFromOp) }
  }

  async #renew(): Promise<void> {
    if (this.#isPausing()) throw new Fault('op-unreachable', this.#failure?.cause)
    try {
      await this.#read()
    } catch (error) {
      // Within the grace period, the copy is used.
      if (!this.areCurrent()) throw error
    }
  }

  #isPausing(): boolean {
    return isWithin(this.#parts.now(), this.#failure?.atMs, RETRY_MS)
  }

  async #resolve(
    header: JWSHeaderParameters | undefined,
    token: FlattenedJWSInput | undefined,
    requestsBefore: number,
    isFromOp: boolean,
  ): Promise<CryptoKey> {
    for (;;) {
      const copy = this.#copy
      if (copy === undefined) throw new Fault('op-unreachable', this.#failure?.cause)
      try {
        return await copy.resolve(header, token)
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
        // Chosen by whoever made the token, and not checked by the library.
        const keyId = typeof header?.kid === 'string' ? header.kid : `no kid, ${header?.alg}`
        if (!(await this.#lookAgain(keyId, copy, requestsBefore, isFromOp))) throw error
      }
    }
  }

  /**
   * Whether there may be keys since that are not in `copy`. What was asked for before the token came may be older than
   * its key.
   */
  async #lookAgain(keyId: string, copy: Copy, requestsBefore: number, isFromOp: boolean): Promise<boolean> {
    if (copy.request > requestsBefore) {
      this.#limit.rest(keyId)
      return false
    }
    if (this.#copy !== copy) return true
    if (this.#reading === undefined && !this.#limit.mayAsk(keyId, isFromOp)) return false
    await this.#read()
    return true
  }

  #read(): Promise<void> {
    this.#reading ??= this.#request(++this.#requests)
      .catch((error: unknown) => {
        this.#failure = { atMs: this.#parts.now(), cause: error }
        this.#parts.failed()
        throw error instanceof Fault ? error : new Fault('op-unreachable', error)
      })
      .finally(() => {
        this.#reading = undefined
      })
    return this.#reading
  }

  async #request(request: number): Promise<void> {
    const { source, fetch, now } = this.#parts
    const { jwksUri } = await source()
    const askedAtMs = now()
    const response = await fetch(jwksUri, { headers: { Accept: 'application/jwk-set+json, application/json' } })
    if (response.status !== 200) throw new Error(`${jwksUri} answers ${response.status}`)
    const text = await response.text()
    const resolve = keySetOf(text, jwksUri)
    if (text !== this.#copy?.text) this.#generation++
    this.#copy = { resolve, text, request }
    this.#readAtMs = askedAtMs
    this.#failure = undefined
  }
}

/** AD FS may name a key by its certificate alone (`x5t`, RFC 7515 4.1.7): of several keys it is then the one that has both. */
function named(
  header: JWSHeaderParameters | undefined,
  byThumbprint: ReadonlyMap<string | undefined, string | undefined>,
): JWSHeaderParameters | undefined {
  if (header === undefined || header.kid !== undefined || typeof header.x5t !== 'string') return header
  const kid = byThumbprint.get(header.x5t)
  return kid === undefined ? header : { ...header, kid }
}

function keySetOf(text: string, jwksUri: string): Resolve {
  try {
    const keySet: JSONWebKeySet = JSON.parse(text)
    const resolve = createLocalJWKSet(keySet)
    const byThumbprint = new Map(keySet.keys.map(({ x5t, kid }) => [x5t, kid]))
    return (header, token) => resolve(named(header, byThumbprint), token)
  } catch (error) {
    throw new Fault('op-response-invalid', new Error(`${jwksUri} has no key set`, { cause: error }))
  }
}
