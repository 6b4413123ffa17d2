/**
 * The condition of Redis beyond being reachable: it may answer and still refuse commands. A refusal counts at once. A
 * refused write (no memory, no master) is over once a write works. For other refusals there is no such test, so they
 * count for a while.
 */
import { ErrorReply } from '@redis/client'
import type { MonotonicClock } from '../clock.ts'
import { UNKNOWN_COMMAND } from './redis-reply.ts'

/** `refused`: this user, or nobody, may run what Torhaus needs. `corrupt`: a key of Torhaus holds another type. */
export type RedisRefusal = 'full' | 'read-only' | 'refused' | 'corrupt'

export type RedisCondition = 'available' | 'away' | RedisRefusal

/** The first word of an error reply is its code. */
export const replyCode = (error: unknown) => (error instanceof ErrorReply ? error.message.split(' ', 1)[0] : undefined)

/** Error replies that mean that a server, or its part of the cluster, is currently unavailable. */
const AWAY: readonly (string | undefined)[] = ['LOADING', 'CLUSTERDOWN', 'MASTERDOWN', 'READONLY']

export const isAnswer = (error: unknown) => error instanceof ErrorReply && !AWAY.includes(replyCode(error))

export const isRefusal = (error: unknown) => ['WRONGPASS', 'NOAUTH', 'NOPERM'].includes(replyCode(error) ?? '')

/**
 * Errors within a script have their code somewhere in the text or, for the ACL, a sentence instead. MISCONF: Redis
 * cannot write its files.
 */
const REFUSALS: readonly (readonly [RegExp, RedisRefusal])[] = [
  [/\bOOM\b/, 'full'],
  [/\b(READONLY|MISCONF|NOREPLICAS)\b/, 'read-only'],
  [/\bNOPERM\b|ACL failure|user executing the script can't/, 'refused'],
  [UNKNOWN_COMMAND, 'refused'],
  [/\bWRONGTYPE\b/, 'corrupt'],
]

/** Optional commands, which the user need not be allowed to run: a refusal is ignored. */
const OPTIONAL_COMMANDS: readonly (string | undefined)[] = ['TIME', 'INFO', 'CONFIG', 'ACL']

const REMEMBERED_MS = 60_000

export class RedisRefusals {
  readonly #monotonic: MonotonicClock
  readonly #changed: (cause: unknown) => void
  #current: RedisRefusal | 'away' | undefined
  #lastAtMs = 0
  #replicaSinceMs: number | undefined

  /** `changed` is called with the error that began a condition, and with undefined at its end. */
  constructor(monotonic: MonotonicClock, changed: (cause: unknown) => void) {
    this.#monotonic = monotonic
    this.#changed = changed
  }

  get current(): RedisRefusal | 'away' | undefined {
    return this.#current
  }

  /** Since when the server has answered as a read-only replica; its name may lead to another server by now. */
  get replicaSinceMs(): number | undefined {
    return this.#replicaSinceMs
  }

  /** A new connection was made, possibly to another server. */
  connected(): void {
    this.#replicaSinceMs = undefined
  }

  failed(error: unknown, command: string | undefined): void {
    if (!(error instanceof ErrorReply) || OPTIONAL_COMMANDS.includes(command)) return
    const refusal = REFUSALS.find(([pattern]) => pattern.test(error.message))?.[1]
    if (refusal === undefined) return
    this.#lastAtMs = this.#monotonic()
    if (/\bREADONLY\b/.test(error.message)) this.#replicaSinceMs ??= this.#lastAtMs
    this.#become(refusal, error)
  }

  /**
   * The periodic write failed. A server that is still loading its data relays messages nevertheless. Only the probe
   * counts here: other commands may have met a single node of a cluster, which does not represent all.
   */
  probeFailed(error: unknown): void {
    if (replyCode(error) === 'LOADING') this.#become('away', error)
  }

  #become(refusal: RedisRefusal | 'away', error: unknown): void {
    if (refusal === this.#current) return
    this.#current = refusal
    this.#changed(error)
  }

  /** A write succeeded. */
  wrote(): void {
    this.#replicaSinceMs = undefined
    if (this.#current === undefined) return
    const endsByWriting = this.#current !== 'refused' && this.#current !== 'corrupt'
    if (!endsByWriting && this.#monotonic() - this.#lastAtMs < REMEMBERED_MS) return
    this.#current = undefined
    this.#changed(undefined)
  }
}
