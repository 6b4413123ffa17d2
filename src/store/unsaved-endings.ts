/**
 * Ending access must work even if the store is full or read-only. An ending that the store does not accept is kept
 * here. It takes effect at once, whatever the store says; other processes are told of it repeatedly, since one may have
 * started in the meantime; and the store is tried again until it accepts it.
 *
 *   not stored --> kept, in effect --> offered until stored --> remembered for a minute
 *                    ^                                          |
 *                    +---- the store may have lost its last writes (a failover, an older copy of the file)
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Awaitable } from '../awaitable.ts'
import type { MonotonicClock } from '../clock.ts'
import type { Fault } from '../errors.ts'
import type { Change, Changes } from './changes.ts'
import { LatelyStored } from './lately-stored.ts'
import { Unsaved } from './unsaved.ts'

/** Dropping one would restore access, so further ones are refused instead. */
const MAX_HELD = 100_000
/** Most endings announced again per round. */
const MAX_TOLD = 500
/** Each may wait for the disk, so after this many, other events have a turn. */
const OFFERED_IN_A_TURN = 10
/** The process that holds an ending announces it each round; after this long a silence, that process is gone. */
const SILENT_MS = 2000
/** Additional time per held ending, because not all are announced in one round. */
const SILENT_MS_EACH = 2

interface Held<T> {
  readonly ending: T
  /** Whether this process was asked for it; others only listen while that one announces it. */
  readonly isOwn: boolean
  /** Monotonic time of its last announcement by any process. Infinite: it is not announced. */
  heardAtMs: number
}

export class UnsavedEndings<T> extends Unsaved {
  readonly #store: (ending: T) => Awaitable<unknown>
  readonly #changes: Pick<Changes, 'isHeard' | 'publish'>
  readonly #changeOf: (ending: T) => Change
  readonly #monotonic: MonotonicClock
  readonly #held = new Map<string, Held<T>>()
  readonly #lately: LatelyStored<{ readonly id: string; readonly ending: T }>

  /** `store` deletes what has ended. `changeOf`: what is announced to all processes, this one included, while held. */
  constructor(
    store: (ending: T) => Awaitable<unknown>,
    changes: Pick<Changes, 'isHeard' | 'publish'>,
    changeOf: (ending: T) => Change,
    monotonic: MonotonicClock,
  ) {
    super()
    this.#store = store
    this.#changes = changes
    this.#changeOf = changeOf
    this.#monotonic = monotonic
    this.#lately = new LatelyStored(monotonic)
  }

  get isEmpty(): boolean {
    return this.#held.size === 0
  }

  get(id: string): T | undefined {
    return this.#held.get(id)?.ending
  }

  has(id: string): boolean {
    return this.#held.size > 0 && this.#held.has(id)
  }

  /** The store failed with `fault`. Throws it if too many are held, or the other processes cannot be reached. */
  async hold(endings: readonly (readonly [id: string, ending: T])[], fault: Fault): Promise<void> {
    for (const [id, ending] of endings) {
      if (this.#held.size >= MAX_HELD) throw fault
      this.#held.set(id, { ending, isOwn: true, heardAtMs: Number.POSITIVE_INFINITY })
      this.#changes.publish(this.#changeOf(ending))
      this.offerLater()
    }
    if (!(await this.#changes.isHeard())) throw fault
  }

  /** Another process holds and announces it. */
  heard(id: string, ending: T): void {
    const held = this.#held.get(id) ?? this.#listen(id, ending, MAX_HELD)
    if (held !== undefined) held.heardAtMs = this.#monotonic()
  }

  /** For what may not exist: holds at most `most`, and announces nothing. */
  unseen(id: string, ending: T, most: number): void {
    if (!this.#held.has(id)) this.#listen(id, ending, most)
  }

  #listen(id: string, ending: T, most: number): Held<T> | undefined {
    if (this.#held.size >= most) return undefined
    const held = { ending, isOwn: false, heardAtMs: Number.POSITIVE_INFINITY }
    this.#held.set(id, held)
    this.offerLater()
    return held
  }

  /** The store has accepted it. */
  stored(id: string, ending: T): void {
    this.#lately.note(id, { id, ending })
  }

  /** The ending was revoked. */
  forget(id: string): void {
    this.#held.delete(id)
    this.#lately.forget(id)
  }

  /** The store may have lost its latest writes: recent endings are in effect and offered until it has them again. */
  again(): void {
    for (const { id, ending } of this.#lately.all()) this.heard(id, ending)
  }

  protected override count(): number {
    return this.#held.size
  }

  /** Stops at the first failure, because the others would fail as well. */
  protected override async offer(): Promise<void> {
    let offered = 0
    for (const [id, { ending }] of [...this.#held]) {
      if (++offered % OFFERED_IN_A_TURN === 0) await nextTurn()
      try {
        await this.#store(ending)
      } catch {
        this.#tellAgain()
        return
      }
      this.#held.delete(id)
      this.stored(id, ending)
    }
  }

  /** Announces first those not announced for longest. The first listener that notices a silence ends it for all. */
  #tellAgain(): void {
    const silentSinceMs = this.#monotonic() - SILENT_MS - SILENT_MS_EACH * this.#held.size
    const told = [...this.#held].filter(([, { isOwn, heardAtMs }]) => isOwn || heardAtMs < silentSinceMs)
    for (const [id, held] of told.slice(0, MAX_TOLD)) {
      this.#held.delete(id)
      this.#held.set(id, held)
      this.#changes.publish(this.#changeOf(held.ending))
    }
  }
}
