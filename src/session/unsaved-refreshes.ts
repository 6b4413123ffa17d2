/**
 * Refreshed tokens that the store has not taken yet. An OP that rotates refresh tokens takes the one before for stolen
 * when it comes again (RFC 9700 4.14.2): so the new one is kept here, every reading of the session is corrected by it,
 * and the store is asked again until it has it. Other processes are told, and try as well; whoever is first counts.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { BoundedMap } from '../bounded-map.ts'
import { toFault } from '../errors.ts'
import type { RefreshedTokens } from '../store/changes.ts'
import type { SessionRecord, SessionStore } from './session-store.ts'

const RETRY_MS = 500
/** A store that is away lets no refresh begin: these are the ones that were under way then. */
const MAX_HELD = 10_000

export class UnsavedRefreshes {
  readonly #store: Pick<SessionStore, 'saveRefresh'>
  readonly #held = new BoundedMap<string, RefreshedTokens>(MAX_HELD)
  #retrying: NodeJS.Timeout | undefined

  constructor(store: Pick<SessionStore, 'saveRefresh'>) {
    this.#store = store
  }

  hold(refreshed: RefreshedTokens): void {
    this.#held.set(refreshed.key, refreshed)
    this.#retryLater()
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

  /** Until the store has all of them, or `signal` says that it is enough. Returns what is left. */
  async settle(signal: AbortSignal): Promise<readonly RefreshedTokens[]> {
    await this.#flush()
    while (this.#held.size > 0 && !signal.aborted) {
      await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined)
      await this.#flush()
    }
    clearTimeout(this.#retrying)
    return [...this.#held.values()]
  }

  #retryLater(): void {
    this.#retrying ??= setTimeout(() => {
      this.#retrying = undefined
      void this.#flush().then(() => {
        if (this.#held.size > 0) this.#retryLater()
      })
    }, RETRY_MS).unref()
  }

  /** Where one fails, so would the others. */
  async #flush(): Promise<void> {
    for (const { key, refreshedAtMs, sealedTokens, insteadOfMs } of [...this.#held.values()]) {
      try {
        await this.#store.saveRefresh(key, refreshedAtMs, sealedTokens, insteadOfMs)
      } catch (error) {
        if (toFault(error).code !== 'store-unavailable') throw error
        return
      }
      if (this.#held.get(key)?.refreshedAtMs === refreshedAtMs) this.#held.delete(key)
    }
  }
}
