/**
 * Endings that workers announce because the store does not accept them. A new worker has not heard them, and the
 * workers that announced them may all have ended. So the supervisor, which passes them on, also tells each new worker
 * before it serves requests.
 *
 *   announced by a worker --> kept --> told to each new worker, which then announces it itself
 *                              +--> the session or token is to be read from the store again, or nobody announces it
 *                                   any more: forgotten
 */
import type { MonotonicClock } from '../clock.ts'
import type { ChangeMessage } from '../store/change-message.ts'

/** The same as in a worker. */
const MAX_KEPT = 100_000
/** Longer than replacing a dead worker takes; the holder of an ending announces it repeatedly. */
const KEPT_MS = 60_000
/** Additional time per kept ending, because not all are announced in one round. */
const KEPT_MS_EACH = 2

const KINDS: readonly string[] = ['session-ended', 'grant-ended', 'pat-blocked', 'pat-withdrawn', 'op-logout']

export class ToldEndings {
  readonly #monotonic: MonotonicClock
  /** By subject, in order of the last announcement. */
  readonly #kept = new Map<string, { readonly change: ChangeMessage; readonly toldAtMs: number }>()

  constructor(monotonic: MonotonicClock) {
    this.#monotonic = monotonic
  }

  /** To be called with each change that a worker announces. */
  note(change: ChangeMessage): void {
    const { kind, key, fingerprint } = change
    if (KINDS.includes(kind)) this.#keep(change)
    else if (this.#kept.size === 0) return
    else if (kind === 'session') this.#kept.delete(nameOf({ kind: 'session-ended', key: key ?? '' }))
    else if (kind === 'pat') this.#forgetToken(fingerprint)
  }

  /** Endings that the store may not have yet. */
  lately(): ChangeMessage[] {
    this.#forgetOld()
    return [...this.#kept.values()].map(({ change }) => change)
  }

  #keep(change: ChangeMessage): void {
    const name = nameOf(change)
    if (!this.#kept.delete(name)) this.#forgetOld()
    if (this.#kept.size < MAX_KEPT) this.#kept.set(name, { change, toldAtMs: this.#monotonic() })
  }

  /** The owner's later decision takes precedence. */
  #forgetToken(fingerprint: string | undefined): void {
    for (const [name, { change }] of this.#kept) if (change.fingerprint === fingerprint) this.#kept.delete(name)
  }

  #forgetOld(): void {
    const oldMs = this.#monotonic() - KEPT_MS - KEPT_MS_EACH * this.#kept.size
    for (const [name, { toldAtMs }] of this.#kept) {
      if (toldAtMs > oldMs) return
      this.#kept.delete(name)
    }
  }
}

const nameOf = ({ kind, key, id, account, fingerprint, network }: ChangeMessage) =>
  JSON.stringify([kind, key, id, account, fingerprint, network])
