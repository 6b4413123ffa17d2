/**
 * The condition of Redis beyond being reachable: it may answer and still refuse commands. A refusal counts at once. A
 * refused write (no memory, no master) is over once a write works. For other refusals there is no such test, so they
 * count for a while.
 */
import { ErrorReply } from '@redis/client'
import type { MonotonicClock } from '../clock.ts'
import { UNKNOWN_COMMAND } from './redis-reply.ts'

/** `refused`: this user, or nobody, may do what Torhaus needs. `corrupt`: something else lies under one of our keys. */
export type RedisRefusal = 'full' | 'read-only' | 'refused' | 'corrupt'

export type RedisCondition = 'available' | 'away' | RedisRefusal

/** The first word of an error reply is its code. */
export const replyCode = (error: unknown) => (error instanceof ErrorReply ? error.message.split(' ', 1)[0] : undefined)

/** Error replies by which a server says that it, or its part of the cluster, is not there for us now. */
const AWAY: readonly (string | undefined)[] = ['LOADING', 'CLUSTERDOWN', 'MASTERDOWN', 'READONLY']

export const isAnswer = (error: unknown) => error instanceof ErrorReply && !AWAY.includes(replyCode(error))

export const isRefusal = (error: unknown) => ['WRONGPASS', 'NOAUTH', 'NOPERM'].includes(replyCode(error) ?? '')

/**
 * An error within a script says its code somewhere in the text, or, of the ACL, in words. MISCONF: it cannot write its
 * files.
 */
const REFUSALS: readonly (readonly [RegExp, RedisRefusal])[] = [
  [/\bOOM\b/, 'full'],
  [/\b(READONLY|MISCONF|NOREPLICAS)\b/, 'read-only'],
  [/\bNOPERM\b|ACL failure|user executing the script can't/, 'refused'],
  [UNKNOWN_COMMAND, 'refused'],
  [/\bWRONGTYPE\b/, 'corrupt'],
]

/** What is asked though the user may not be allowed to: a refusal means nothing. */
const OPTIONAL_COMMANDS: readonly (string | undefined)[] = ['TIME', 'INFO', 'CONFIG', 'ACL']

const REMEMBERED_MS = 60_000

export class RedisRefusals {
  readonly #monotonic: MonotonicClock
  readonly #changed: (cause: unknown) => void
  #current: RedisRefusal | 'away' | undefined
  #lastAtMs = 0
  #replicaSinceMs: number | undefined

  /** `changed`: told of the error that began it, or of none when it is over. */
  constructor(monotonic: MonotonicClock, changed: (cause: unknown) => void) {
    this.#monotonic = monotonic
    this.#changed = changed
  }

  get current(): RedisRefusal | 'away' | undefined {
    return this.#current
  }

  /** Since when it says that it is a replica, which takes no writes: its name may lead to another server by now. */
  get replicaSinceMs(): number | undefined {
    return this.#replicaSinceMs
  }

  /** What is connected now may be another server. */
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
   * What is written now and then failed. One that still reads its data takes messages all the same. By the probe alone:
   * another command may have met another node of a cluster, which does not speak for all.
   */
  probeFailed(error: unknown): void {
    if (replyCode(error) === 'LOADING') this.#become('away', error)
  }

  #become(refusal: RedisRefusal | 'away', error: unknown): void {
    if (refusal === this.#current) return
    this.#current = refusal
    this.#changed(error)
  }

  /** Something new was written. */
  wrote(): void {
    this.#replicaSinceMs = undefined
    if (this.#current === undefined) return
    const endsByWriting = this.#current !== 'refused' && this.#current !== 'corrupt'
    if (!endsByWriting && this.#monotonic() - this.#lastAtMs < REMEMBERED_MS) return
    this.#current = undefined
    this.#changed(undefined)
  }
}
