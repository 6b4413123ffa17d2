/**
 * Refreshed tokens that the store has not taken yet. An OP that rotates refresh tokens takes the one before for stolen
 * when it comes again (RFC 9700 4.14.2): so the new one is kept here, every reading of the session is corrected by it,
 * and the store is asked again until it has it. Other processes are told, and try as well; whoever is first counts.
 */
import { BoundedMap } from '../bounded-map.ts'
import type { RefreshedTokens } from '../store/changes.ts'
import { Unsaved } from '../store/unsaved.ts'
import type { SessionRecord, SessionStore } from './session-store.ts'

/** A store that is away lets no refresh begin: these are the ones that were under way then. */
const MAX_HELD = 10_000

export class UnsavedRefreshes extends Unsaved {
  readonly #store: Pick<SessionStore, 'saveRefresh'>
  readonly #held = new BoundedMap<string, RefreshedTokens>(MAX_HELD)

  constructor(store: Pick<SessionStore, 'saveRefresh'>) {
    super()
    this.#store = store
  }

  hold(refreshed: RefreshedTokens): void {
    this.#held.set(refreshed.key, refreshed)
    this.offerLater()
  }

  /** What the store says of a session, with the tokens that it does not have yet. */
  correct(record: SessionRecord): SessionRecord {
    const held = this.#held.get(record.key)
    if (held === undefined) return record
    if (held.insteadOfMs === record.refreshedAtMs)
      return { ...record, refreshedAtMs: held.refreshedAtMs, sealedTokens: held.sealedTokens }
    // Another process was first, or has refreshed it since.
    this.#held.delete(record.key)
    return record
  }

  /** What the store has not taken. */
  get held(): readonly RefreshedTokens[] {
    return [...this.#held.values()]
  }

  protected override count(): number {
    return this.#held.size
  }

  /** Where one fails, so would the others. */
  protected override async offer(): Promise<void> {
    for (const { key, refreshedAtMs, sealedTokens, insteadOfMs } of [...this.#held.values()]) {
      try {
        await this.#store.saveRefresh(key, refreshedAtMs, sealedTokens, insteadOfMs)
      } catch {
        return
      }
      if (this.#held.get(key)?.refreshedAtMs === refreshedAtMs) this.#held.delete(key)
    }
  }
}
