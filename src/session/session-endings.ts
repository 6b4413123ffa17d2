/** Ends sessions in the store or, if the store does not accept that, in the memory of all processes until it does. */
import { after } from '../awaitable.ts'
import type { MonotonicClock } from '../clock.ts'
import { unavailable } from '../errors.ts'
import type { Changes } from '../store/changes.ts'
import { UnsavedEndings } from '../store/unsaved-endings.ts'
import type { EndedSession, SessionSelector, SessionStore } from './session-store.ts'

type EndingStore = Pick<SessionStore, 'deleteSession' | 'deleteSessions' | 'sessionsOf'>

/** A tenth of what is kept of sessions that were seen. */
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

  /** Whether the session has ended, though the store may still have it. */
  has(key: string): boolean {
    return this.#unsaved.has(key)
  }

  /**
   * Of a session that is there. Rejects with `store-unavailable` where neither the store nor the other processes can be
   * reached.
   */
  async end(key: string, isOverdue = false): Promise<void> {
    try {
      await this.#store.deleteSession(key, isOverdue)
      // One that comes back is overdue again.
      if (!isOverdue) this.#unsaved.stored(key, key)
      this.#changes.publish({ kind: 'session', key })
    } catch (error) {
      await this.#unsaved.hold([[key, key]], unavailable(error))
    }
  }

  /**
   * While the store is away nobody can say whether there is such a session: it has ended here, and is deleted once the
   * store is back. Anybody can make up keys, so not too many are kept, and whoever else can be told forgets what it has
   * read, and keeps nothing.
   */
  endUnseen(key: string): void {
    this.#unsaved.unseen(key, key, MAX_UNSEEN)
    this.#changes.publish({ kind: 'session', key })
  }

  /** Returns what was there. Rejects as `end` does. */
  async endAll(selector: SessionSelector): Promise<EndedSession[]> {
    // Read first: of a deletion that fails half-way nobody could say what it had deleted.
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
