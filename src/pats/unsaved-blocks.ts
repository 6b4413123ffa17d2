/** Tokens that were blocked while the store did not take it, being full or read-only: they are, from then on, at every process. */
import type { AccountKey } from '../account-key.ts'
import type { MonotonicClock } from '../clock.ts'
import type { Fault } from '../errors.ts'
import type { Changes } from '../store/changes.ts'
import { UnsavedEndings } from '../store/unsaved-endings.ts'
import type { PatRecord, PatStore } from './pat-store.ts'

interface Block {
  readonly accountKey: AccountKey
  readonly fingerprint: string
}

export class UnsavedBlocks {
  readonly #unsaved: UnsavedEndings<Block>

  constructor(store: Pick<PatStore, 'blockPat'>, changes: Changes, monotonic: MonotonicClock) {
    this.#unsaved = new UnsavedEndings(
      async ({ accountKey, fingerprint }) => {
        await store.blockPat(accountKey, fingerprint, true)
        changes.publish({ kind: 'pat', fingerprint })
      },
      changes,
      block => ({ kind: 'pat-blocked', ...block }),
      monotonic,
    )
    changes.subscribe(change => {
      if (change.kind === 'pat-blocked') {
        const { accountKey, fingerprint } = change
        this.#unsaved.heard(fingerprint, { accountKey, fingerprint })
      }
    })
  }

  /** Nothing is held: what the store says is so. */
  get isEmpty(): boolean {
    return this.#unsaved.isEmpty
  }

  /**
   * The store has answered with `fault`. False where the account has no such token, or it is blocked. Rejects where the
   * other processes cannot be reached either.
   */
  async hold(known: PatRecord | undefined, accountKeys: readonly AccountKey[], fault: Fault): Promise<boolean> {
    if (known?.accountKey === undefined || known.isBlocked || !accountKeys.includes(known.accountKey)) return false
    const { accountKey, fingerprint } = known
    await this.#unsaved.hold([[fingerprint, { accountKey, fingerprint }]], fault)
    return true
  }

  /** What is known of a token, with the block that the store does not have yet. */
  correct(known: PatRecord | undefined): PatRecord | undefined {
    return known !== undefined && this.#unsaved.has(known.fingerprint) ? { ...known, isBlocked: true } : known
  }

  settle(signal: AbortSignal): Promise<void> {
    return this.#unsaved.settle(signal)
  }
}
