/** Announces changes in the store to all other processes at once, so that they stop using what they have read. */
import type { AccountKey } from '../account-key.ts'
import type { Awaitable } from '../awaitable.ts'

export type Change =
  /** A session has ended. */
  | { readonly kind: 'session'; readonly key: string }
  /** Sessions were added, removed or changed in the store. Never published: each process reads it there. */
  | { readonly kind: 'sessions-changed'; readonly keys: ReadonlySet<string> }
  /**
   * All sessions of somebody have ended in the store: sessions with one of `by` in their `endedBy` are read again, or
   * all sessions if `by` is undefined. Never published.
   */
  | { readonly kind: 'sessions-ended'; readonly by: ReadonlySet<string> | undefined }
  /** A session has ended, and the store does not know it yet. */
  | { readonly kind: 'session-ended'; readonly key: string }
  /** Cached data of the account is invalid: tickets, verdicts about passwords, sessions. */
  | { readonly kind: 'account'; readonly account: string }
  /** Grants of the account were made or revoked. */
  | { readonly kind: 'grants'; readonly accountKey: AccountKey }
  /** A grant has ended, and the store does not know it yet. */
  | { readonly kind: 'grant-ended'; readonly accountKey: AccountKey; readonly id: string }
  /** The OP has ended earlier sessions, and the store does not know it yet: a mark, and until when it is valid. */
  | { readonly kind: 'op-logout'; readonly id: string; readonly untilMs: number }
  | { readonly kind: 'pat'; readonly fingerprint: string }
  /** A token of the account was blocked, and the store does not know it yet. */
  | ({ readonly kind: 'pat-blocked' } & BlockedPat)
  /** The confirmation of a token for a network was withdrawn, and the store does not know it yet. */
  | ({ readonly kind: 'pat-withdrawn' } & WithdrawnPat)
  /** Tokens or their confirmations were added, removed or changed in the store. Never published. */
  | { readonly kind: 'pats-changed'; readonly fingerprints: ReadonlySet<string> }
  /** Grants were added, removed or changed in the store: `hashTag` of their accounts' keys. Never published. */
  | { readonly kind: 'grants-changed'; readonly accountTags: ReadonlySet<string> }
  /** The OP has issued new tokens for a session, and the store does not have them yet. */
  | ({ readonly kind: 'refreshed' } & RefreshedTokens)
  /** Changes of other processes may have been lost: everything is to be read again. Never published. */
  | { readonly kind: 'missed' }

export interface RefreshedTokens {
  readonly key: string
  readonly refreshedAtMs: number
  /** Time of the previous refresh; if the store has another, some other process has refreshed the session since. */
  readonly insteadOfMs: number
  /** Encrypted. */
  readonly sealedTokens: string
}

/** A token blocked by its owner. */
export interface BlockedPat {
  readonly accountKey: AccountKey
  readonly fingerprint: string
  readonly decidedAtMs: number
}

export interface WithdrawnPat {
  readonly accountKey: AccountKey
  readonly fingerprint: string
  readonly network: string
  readonly decidedAtMs: number
  readonly expiresAtMs: number
}

/** The subjects of the records written; sets may be empty. */
export interface Written {
  /** Keys of sessions. */
  readonly keys: ReadonlySet<string>
  readonly fingerprints: ReadonlySet<string>
  readonly accountTags: ReadonlySet<string>
}

/** Events by which a store reports writes, whoever made them. */
export interface WriteEvents {
  /** Keys of records that were added, removed or changed. */
  changed(keys: ReadonlySet<string>): void
  /** Writes may have been lost: everything read before is invalid. */
  missed(): void
}

/**
 * The changes of all processes that share a store. Caches subscribe; channels to other processes connect. A change may
 * arrive twice; one that arrives late finds that the cached value has expired anyway.
 */
export class Changes {
  readonly #listeners: ((change: Change) => void)[] = []
  readonly #senders: ((change: Change) => void)[] = []
  #reachesOthers: () => Awaitable<boolean> = () => true

  /** To be called after the store was changed. */
  publish(change: Change): void {
    this.receive(change)
    for (const send of this.#senders) send(change)
  }

  /** Handles a change published by another process. */
  receive(change: Change): void {
    for (const listener of this.#listeners) listener(change)
  }

  /** Handles writes reported by the store. */
  receiveWritten({ keys, fingerprints, accountTags }: Written): void {
    if (keys.size > 0) this.receive({ kind: 'sessions-changed', keys })
    if (fingerprints.size > 0) this.receive({ kind: 'pats-changed', fingerprints })
    if (accountTags.size > 0) this.receive({ kind: 'grants-changed', accountTags })
  }

  subscribe(listener: (change: Change) => void): void {
    this.#listeners.push(listener)
  }

  /** Whether the latest change published reaches the other processes. */
  isHeard(): Awaitable<boolean> {
    return this.#reachesOthers()
  }

  /** `reachesOthers`: whether the latest message is on its way to them. Without this call, it always is. */
  heardWhile(reachesOthers: () => Awaitable<boolean>): void {
    this.#reachesOthers = reachesOthers
  }

  /** `send` carries changes of this process to others, and does not throw. */
  connect(send: (change: Change) => void): void {
    this.#senders.push(send)
  }
}
