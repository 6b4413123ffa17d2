/**
 * Asks the server who owns a personal access token. Only the server can tell a real token from other letters of the
 * same shape, so an unknown token is first sent to the server in a read request of Torhaus, before any request with it
 * passes.
 *
 *   judge() --> proven lately ------------------------------> the verdict, at once
 *           --> refused lately -----------------------------> the verdict, at once
 *           --> asked already ------------------------------> the verdict of that read
 *           --> the budget is spent, and it was never good -> limited
 *           --> read --> owned --> proven, for verdictMs
 *                    --> else  --> refused, for refusalMs
 *                    --> away  --> as it was proven before, for GRACE_MS; otherwise away, and not remembered
 *
 * Invariants: a token is `proven` only if the server has named its owner and has not answered 401 to it since. In
 * memory, forged tokens can displace only other forged tokens.
 */
import type { AccountKeyOf } from '../account-key.ts'
import type { Awaitable } from '../awaitable.ts'
import { BoundedMap } from '../bounded-map.ts'
import type { MonotonicClock } from '../clock.ts'
import type { AskableToken, Principal, Traced } from '../exchange.ts'
import type { Conclusion } from './profiles/pat-profile.ts'
import type { ReadBudget } from './read-budget.ts'

type ServerChecked = Extract<Principal, { kind: 'server-checked' }>
export type PatAsker = Pick<Traced, 'clientAddress' | 'requestId'>

export type ProofCode = 'pat-unknown' | 'pat-unreadable' | 'pat-unnamed' | 'pat-proof-limited' | 'pat-proof-unavailable'

export type PatVerdict =
  | { readonly kind: 'proven'; readonly principal: ServerChecked }
  /** The configuration lets pass what the server cannot tell from a forged one. */
  | { readonly kind: 'let-pass'; readonly code: ProofCode }
  | { readonly kind: 'refused'; readonly code: ProofCode }
  | { readonly kind: 'limited'; readonly retryAfterSeconds: number }
  | { readonly kind: 'away'; readonly cause: unknown }

export interface PatProofParts {
  /** Asks the origin server; rejects if it does not answer. `wasGood`: whether the token was proven before. */
  readonly ask: (token: string, asker: PatAsker, wasGood: boolean) => Promise<Conclusion>
  /** Whether the server has accepted the token before, and said whose it is. */
  readonly isKnown: (fingerprints: readonly string[]) => Awaitable<boolean>
  /** Of the client, for the budget. */
  readonly networkOf: (address: string) => string
  readonly budget: ReadBudget
  readonly letsUnreadablePass: boolean
  readonly verdictMs: number
  readonly refusalMs: number
  readonly maxTokens: number
  /** One spelling per account. */
  readonly accountKey: AccountKeyOf
  readonly monotonic: MonotonicClock
  /** The server was asked. */
  readonly concluded: (asker: PatAsker, verdict: PatVerdict, fingerprint: string) => void
}

interface Kept {
  readonly verdict: PatVerdict
  readonly madeAtMs: number
  untilMs: number
}

/** How long a token stays proven while the server cannot be asked again. */
const GRACE_MS = 900_000
/** Until it is asked again after it was away. */
const RETRY_MS = 5000
/** Made-up tokens remembered; the one refused longest ago goes first. */
const MAX_REFUSED = 10_000
/** Reads under way at a time, about tokens that were never good. */
const MAX_READS = 256

export class PatProof {
  readonly #parts: PatProofParts
  readonly #proven: BoundedMap<string, Kept>
  readonly #refused = new BoundedMap<string, Kept>(MAX_REFUSED)
  readonly #running = new Map<string, Promise<PatVerdict>>()

  constructor(parts: PatProofParts) {
    this.#parts = parts
    this.#proven = new BoundedMap(parts.maxTokens)
  }

  /** Synchronous if the verdict is cached. */
  judge({ fingerprints, token }: AskableToken, asker: PatAsker): Awaitable<PatVerdict> {
    const fingerprint = fingerprints[0] ?? ''
    const nowMs = this.#parts.monotonic()
    const proven = this.#proven.get(fingerprint)
    if (proven !== undefined && proven.untilMs > nowMs) return proven.verdict
    const refused = this.#refused.get(fingerprint)
    if (refused !== undefined && refused.untilMs > nowMs) return refused.verdict
    const running = this.#running.get(fingerprint)
    if (running !== undefined) return running
    const reading = this.#read(fingerprints, token.reveal(), asker, proven).finally(() =>
      this.#running.delete(fingerprint),
    )
    this.#running.set(fingerprint, reading)
    return reading
  }

  /** The server answered 401 to it, or something else has changed: it is asked about again. */
  forget(fingerprint: string): void {
    this.#proven.delete(fingerprint)
    this.#refused.delete(fingerprint)
  }

  async #read(
    fingerprints: readonly string[],
    token: string,
    asker: PatAsker,
    before: Kept | undefined,
  ): Promise<PatVerdict> {
    const { budget, isKnown, networkOf, ask, concluded } = this.#parts
    const fingerprint = fingerprints[0] ?? ''
    const network = networkOf(asker.clientAddress)
    const wasGood = before !== undefined || (await isKnown(fingerprints))
    if (!wasGood && this.#running.size > MAX_READS) return { kind: 'limited', retryAfterSeconds: 1 }
    const retryAfterSeconds = wasGood ? undefined : budget.take(network)
    if (retryAfterSeconds !== undefined) return { kind: 'limited', retryAfterSeconds }
    const verdict = await ask(token, asker, wasGood).then(
      conclusion => this.#verdictOf(conclusion),
      (cause: unknown): PatVerdict => ({ kind: 'away', cause }),
    )
    if (!wasGood && verdict.kind === 'proven') budget.giveBack(network)
    concluded(asker, verdict, fingerprint)
    return this.#keep(fingerprint, verdict, before)
  }

  #verdictOf(conclusion: Conclusion): PatVerdict {
    switch (conclusion.kind) {
      case 'owned':
        return { kind: 'proven', principal: this.#principalOf(conclusion.owner) }
      case 'refused':
        return { kind: 'refused', code: 'pat-unknown' }
      case 'unreadable':
      case 'unnamed': {
        const code = conclusion.kind === 'unnamed' ? 'pat-unnamed' : 'pat-unreadable'
        return { kind: this.#parts.letsUnreadablePass ? 'let-pass' : 'refused', code }
      }
      default:
        return { kind: 'away', cause: undefined }
    }
  }

  #principalOf(account: string): ServerChecked {
    return { kind: 'server-checked', owner: { account, accountKey: this.#parts.accountKey(account) } }
  }

  #keep(fingerprint: string, verdict: PatVerdict, before: Kept | undefined): PatVerdict {
    const { verdictMs, refusalMs, monotonic } = this.#parts
    const nowMs = monotonic()
    if (verdict.kind === 'proven') {
      this.#refused.delete(fingerprint)
      this.#proven.set(fingerprint, { verdict, madeAtMs: nowMs, untilMs: nowMs + verdictMs })
      return verdict
    }
    if (verdict.kind !== 'away') {
      this.#proven.delete(fingerprint)
      this.#refused.set(fingerprint, { verdict, madeAtMs: nowMs, untilMs: nowMs + refusalMs })
      return verdict
    }
    // Not so where a 401 has ended it meanwhile.
    const isGood = before !== undefined && this.#proven.get(fingerprint) === before
    if (!isGood || nowMs - before.madeAtMs > verdictMs + GRACE_MS) return verdict
    before.untilMs = nowMs + RETRY_MS
    return before.verdict
  }
}
