/**
 * Refreshed tokens that the store has not accepted yet. An OP that rotates refresh tokens treats the previous one as
 * stolen when it is used again (RFC 9700 4.14.2). So the new one is kept here and replaces what is read from the store,
 * and the store is tried again until it has it. Other processes are told and try as well; the first to succeed wins.
 * The same is done with tokens that a store accepted in the last minute and may have lost (a failover).
 */
import { BoundedMap } from '../bounded-map.ts'
import type { MonotonicClock } from '../clock.ts'
import type { RefreshedTokens } from '../store/changes.ts'
import { LatelyStored } from '../store/lately-stored.ts'
import { Unsaved } from '../store/unsaved.ts'
import type { SessionRecord, SessionStore } from './session-store.ts'

/** No refresh begins while the store is unavailable, so this bounds those that were under way when it failed. */
const MAX_HELD = 10_000

export class UnsavedRefreshes extends Unsaved {
  readonly #store: Pick<SessionStore, 'saveRefresh'>
  readonly #held = new BoundedMap<string, RefreshedTokens>(MAX_HELD)
  readonly #lately: LatelyStored<RefreshedTokens>

  constructor(store: Pick<SessionStore, 'saveRefresh'>, monotonic: MonotonicClock) {
    super()
    this.#store = store
    this.#lately = new LatelyStored(monotonic)
  }

  hold(refreshed: RefreshedTokens): void {
    this.#held.set(refreshed.key, refreshed)
    this.offerLater()
  }

  /** The store has accepted it. */
  stored(refreshed: RefreshedTokens): void {
    this.#lately.note(refreshed.key, refreshed)
  }

  /** The store may have lost its latest writes: offers them again, to be stored if it still has the previous value. */
  again(): void {
    for (const refreshed of this.#lately.all())
      if (this.#held.get(refreshed.key) === undefined) this.#held.set(refreshed.key, refreshed)
    // At once: a process that reads the old token meanwhile would use it at the OP.
    if (this.count() > 0) this.offerLater(0)
  }

  /** The record from the store, with the tokens that the store does not have yet. */
  correct(record: SessionRecord): SessionRecord {
    const held = this.#held.get(record.key)
    if (held === undefined) return record
    if (held.insteadOfMs === record.refreshedAtMs)
      return { ...record, refreshedAtMs: held.refreshedAtMs, sealedTokens: held.sealedTokens }
    // Another process was first, or has refreshed it since.
    this.#held.delete(record.key)
    return record
  }

  /** Refreshes that the store has not accepted yet. */
  get held(): readonly RefreshedTokens[] {
    return [...this.#held.values()]
  }

  protected override count(): number {
    return this.#held.size
  }

  /** Stops at the first failure, because the others would fail as well. */
  protected override async offer(): Promise<void> {
    for (const refreshed of [...this.#held.values()]) {
      const { key, refreshedAtMs, sealedTokens, insteadOfMs } = refreshed
      try {
        if (await this.#store.saveRefresh(key, refreshedAtMs, sealedTokens, insteadOfMs)) this.stored(refreshed)
      } catch {
        return
      }
      if (this.#held.get(key)?.refreshedAtMs === refreshedAtMs) this.#held.delete(key)
    }
  }
}
