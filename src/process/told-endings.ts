/**
 * Endings that workers tell of since no store takes them. A worker that begins has not heard them, and who told them may
 * be gone, with all others perhaps: so the supervisor, who passes them on, tells each new worker before it serves anybody.
 *
 *   told by a worker --> kept --> told to each worker that begins, which then tells of it by itself
 *                         +--> the session or token is read from the store again, or nobody tells of it any more: forgotten
 */
import type { MonotonicClock } from '../clock.ts'
import type { ChangeMessage } from '../store/change-message.ts'

/** As many as a worker holds. */
const MAX_KEPT = 100_000
/** Longer than a worker that died may be away; whoever holds an ending tells of it again and again. */
const KEPT_MS = 60_000
/** Beside that for each one that is kept: not all are told in a round. */
const KEPT_MS_EACH = 2

const KINDS: readonly string[] = ['session-ended', 'grant-ended', 'pat-blocked', 'pat-withdrawn', 'op-logout']

export class ToldEndings {
  readonly #monotonic: MonotonicClock
  /** By what they are about; the one that was told last is the last. */
  readonly #kept = new Map<string, { readonly change: ChangeMessage; readonly toldAtMs: number }>()

  constructor(monotonic: MonotonicClock) {
    this.#monotonic = monotonic
  }

  /** A worker has told of a change. */
  note(change: ChangeMessage): void {
    const { kind, key, fingerprint } = change
    if (KINDS.includes(kind)) this.#keep(change)
    else if (this.#kept.size === 0) return
    else if (kind === 'session') this.#kept.delete(nameOf({ kind: 'session-ended', key: key ?? '' }))
    else if (kind === 'pat') this.#forgetToken(fingerprint)
  }

  /** Those that may not be in the store yet. */
  lately(): ChangeMessage[] {
    this.#forgetOld()
    return [...this.#kept.values()].map(({ change }) => change)
  }

  #keep(change: ChangeMessage): void {
    const name = nameOf(change)
    if (!this.#kept.delete(name)) this.#forgetOld()
    if (this.#kept.size < MAX_KEPT) this.#kept.set(name, { change, toldAtMs: this.#monotonic() })
  }

  /** What its owner has decided meanwhile counts. */
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
