/** Ends sessions in the store, or in the memory of all processes while the store is unavailable. */
import { after } from '../awaitable.ts'
import type { MonotonicClock } from '../clock.ts'
import { unavailable } from '../errors.ts'
import type { Changes } from '../store/changes.ts'
import { UnsavedEndings } from '../store/unsaved-endings.ts'
import type { EndedSession, SessionSelector, SessionStore } from './session-store.ts'

type EndingStore = Pick<SessionStore, 'deleteSession' | 'deleteSessions' | 'sessionsOf'>

/** A tenth of the bound for sessions that were found in the store. */
const MAX_UNSEEN = 10_000

export class SessionEndings {
  readonly #store: EndingStore
  readonly #changes: Changes
  readonly #unsaved: UnsavedEndings<string>

  constructor(store: EndingStore, changes: Changes, monotonic: MonotonicClock) {
    this.#store = store
    this.#changes = changes
    this.#unsaved = new UnsavedEndings(
      key => after(store.deleteSession(key), () => changes.publish({ kind: 'session', key })),
      changes,
      key => ({ kind: 'session-ended', key }),
      monotonic,
    )
    changes.subscribe(change => {
      if (change.kind === 'session-ended') this.#unsaved.heard(change.key, change.key)
      else if (change.kind === 'missed') this.#unsaved.again()
    })
  }

  /** Whether the session has ended, even if the store still has it. */
  has(key: string): boolean {
    return this.#unsaved.has(key)
  }

  /**
   * Ends an existing session. Rejects with `store-unavailable` if neither the store nor the other processes can be
   * reached. `isOverdue`: over because the OP was not asked for too long.
   */
  async end(key: string, isOverdue = false): Promise<void> {
    try {
      await this.#store.deleteSession(key, isOverdue)
      // If the store loses this deletion, the session is still overdue.
      if (!isOverdue) this.#unsaved.stored(key, key)
      this.#changes.publish({ kind: 'session', key })
    } catch (error) {
      await this.#unsaved.hold([[key, key]], unavailable(error))
    }
  }

  /**
   * For when the store is unavailable and cannot say whether the session exists: it counts as ended in this process,
   * and is deleted once the store is back. Anybody can make up keys, so their number is bounded, and other processes
   * only drop the session from their caches.
   */
  endUnseen(key: string): void {
    this.#unsaved.unseen(key, key, MAX_UNSEEN)
    this.#changes.publish({ kind: 'session', key })
  }

  /** Returns the sessions ended. Rejects as `end` does. */
  async endAll(selector: SessionSelector): Promise<EndedSession[]> {
    // Read first: a deletion that fails half-way does not report what it deleted.
    const found = await this.#store.sessionsOf(selector)
    const running = found.filter(({ key }) => !this.has(key)).map(({ key, account }) => ({ key, account }))
    try {
      const ended = await this.#store.deleteSessions(selector)
      for (const { key } of ended) {
        this.#unsaved.stored(key, key)
        this.#changes.publish({ kind: 'session', key })
      }
      return ended
    } catch (error) {
      const keys = running.map(({ key }) => [key, key] as const)
      await this.#unsaved.hold(keys, unavailable(error))
      return running
    }
  }

  settle(signal: AbortSignal): Promise<void> {
    return this.#unsaved.settle(signal)
  }
}
