/**
 * Owners block their tokens, and allow them again. A block takes effect even if the store has no room: blocks that the
 * store did not accept (full, read-only), or has lost with its last writes, apply in every process until the store has
 * them, or has a later decision.
 */
import type { AccountKey } from '../account-key.ts'
import type { Clock, Surroundings } from '../clock.ts'
import { type Fault, unavailable } from '../errors.ts'
import type { BlockedPat, Changes } from '../store/changes.ts'
import { UnsavedEndings } from '../store/unsaved-endings.ts'
import { blockedUnseen, type PatRecord, type PatStore } from './pat-store.ts'

export class PatBlocks {
  readonly #store: PatStore
  readonly #changes: Changes
  readonly #now: Clock
  readonly #unsaved: UnsavedEndings<BlockedPat>

  constructor(store: PatStore, changes: Changes, { now, monotonic }: Pick<Surroundings, 'now' | 'monotonic'>) {
    this.#store = store
    this.#changes = changes
    this.#now = now
    this.#unsaved = new UnsavedEndings(
      async block => {
        await store.blockPatLate(block)
        changes.publish({ kind: 'pat', fingerprint: block.fingerprint })
      },
      changes,
      block => ({ kind: 'pat-blocked', ...block }),
      monotonic,
    )
    changes.subscribe(change => {
      if (change.kind === 'missed') this.#unsaved.again()
      if (change.kind !== 'pat-blocked') return
      const { kind: _, ...block } = change
      this.#unsaved.heard(block.fingerprint, block)
    })
  }

  /** Nothing is held: what the store says is so. */
  get isEmpty(): boolean {
    return this.#unsaved.isEmpty
  }

  /**
   * What is known of the token of these fingerprints, newest first, with the block that the store does not have yet: under
   * whichever of them that was made, and also where nothing else of the token is known.
   */
  correct(fingerprints: readonly string[], known: PatRecord | undefined): PatRecord | undefined {
    for (const held of fingerprints) {
      const block = this.#unsaved.get(held)
      if (block !== undefined) return { ...(known ?? blockedUnseen(block)), isBlocked: true }
    }
    return known
  }

  /**
   * True where the account, kept under any of the keys, has such a token, and that changed something. Rejects with
   * `store-unavailable` where neither the store nor the other processes can be reached.
   */
  async block(accountKeys: readonly AccountKey[], fingerprint: string): Promise<boolean> {
    const decidedAtMs = await this.#nextDecisionMs(fingerprint)
    try {
      const owner = await this.#decide(accountKeys, fingerprint, true, decidedAtMs)
      if (owner !== undefined) this.#unsaved.stored(fingerprint, { accountKey: owner, fingerprint, decidedAtMs })
      return owner !== undefined
    } catch (error) {
      return this.#hold(accountKeys, fingerprint, decidedAtMs, unavailable(error))
    }
  }

  /** Like `block`; rejects if the store is unavailable or does not accept it. */
  async allow(accountKeys: readonly AccountKey[], fingerprint: string): Promise<boolean> {
    const held = this.#unsaved.get(fingerprint)
    if (held !== undefined) await this.#store.blockPatLate(held)
    const decidedAtMs = await this.#nextDecisionMs(fingerprint)
    const owner = await this.#decide(accountKeys, fingerprint, false, decidedAtMs)
    if (owner !== undefined) this.#unsaved.forget(fingerprint)
    return owner !== undefined
  }

  settle(signal: AbortSignal): Promise<void> {
    return this.#unsaved.settle(signal)
  }

  /** Later than the decision before, also where that was made by a clock ahead of this one. */
  async #nextDecisionMs(fingerprint: string): Promise<number> {
    return Math.max(this.#now(), (await this.#store.decidedAtMs(fingerprint)) + 1)
  }

  /** Whose token it is, where that changed something. */
  async #decide(
    accountKeys: readonly AccountKey[],
    fingerprint: string,
    isBlocked: boolean,
    decidedAtMs: number,
  ): Promise<AccountKey | undefined> {
    let owner: AccountKey | undefined
    for (const accountKey of accountKeys)
      if (await this.#store.blockPat(accountKey, fingerprint, isBlocked, decidedAtMs)) owner = accountKey
    this.#changes.publish({ kind: 'pat', fingerprint })
    return owner
  }

  async #hold(
    accountKeys: readonly AccountKey[],
    fingerprint: string,
    decidedAtMs: number,
    fault: Fault,
  ): Promise<boolean> {
    const known = await this.#store.readPat(fingerprint)
    if (known?.accountKey === undefined || known.isBlocked || !accountKeys.includes(known.accountKey)) return false
    const { accountKey } = known
    await this.#unsaved.hold([[fingerprint, { accountKey, fingerprint, decidedAtMs }]], fault)
    return true
  }
}
