/** Announces changes in the store to all other processes at once, so that they stop using what they have read. */
import type { AccountKey } from '../account-key.ts'
import type { Awaitable } from '../awaitable.ts'

export type Change =
  /** A session has ended. */
  | { readonly kind: 'session'; readonly key: string }
  /** Sessions came, went or changed in the store. Never published: each process reads it there. */
  | { readonly kind: 'sessions-changed'; readonly keys: ReadonlySet<string> }
  /**
   * Everything of somebody has ended, in the store: sessions that name one of `by` as what ends them are read again, all
   * sessions where that is undefined. Never published.
   */
  | { readonly kind: 'sessions-ended'; readonly by: ReadonlySet<string> | undefined }
  /** A session has ended, and the store does not know it yet. */
  | { readonly kind: 'session-ended'; readonly key: string }
  /** Nothing kept of the account counts any more: tickets, verdicts about passwords, sessions read before. */
  | { readonly kind: 'account'; readonly account: string }
  /** Grants of the account were made or revoked. */
  | { readonly kind: 'grants'; readonly accountKey: AccountKey }
  /** As for a session. */
  | { readonly kind: 'grant-ended'; readonly accountKey: AccountKey; readonly id: string }
  /** The OP has ended what was opened before, and the store does not know it yet: a mark, and until when it counts. */
  | { readonly kind: 'op-logout'; readonly id: string; readonly untilMs: number }
  | { readonly kind: 'pat'; readonly fingerprint: string }
  /** Somebody has blocked a token of the account, and the store does not know it yet. */
  | ({ readonly kind: 'pat-blocked' } & BlockedPat)
  /** As for a token that is blocked: it is not confirmed any more in that network. */
  | ({ readonly kind: 'pat-withdrawn' } & WithdrawnPat)
  /** Tokens, or what was confirmed of them, came, went or changed in the store. Never published. */
  | { readonly kind: 'pats-changed'; readonly fingerprints: ReadonlySet<string> }
  /** Grants came, went or changed in the store: `hashTag` of the keys of their accounts. Never published. */
  | { readonly kind: 'grants-changed'; readonly accountTags: ReadonlySet<string> }
  /** The OP has given new tokens for a session, and the store does not have them yet. */
  | ({ readonly kind: 'refreshed' } & RefreshedTokens)
  /**
   * Changes of other processes may have been lost: everything that was read before is to be read again. Never
   * published.
   */
  | { readonly kind: 'missed' }

export interface RefreshedTokens {
  readonly key: string
  readonly refreshedAtMs: number
  /** When the session was refreshed before: another time, and somebody else has refreshed it since. */
  readonly insteadOfMs: number
  /** Encrypted. */
  readonly sealedTokens: string
}

/** Its owner has blocked a token. */
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

/** What records that were written are about; what is empty is about nothing. */
export interface Written {
  /** Of sessions. */
  readonly keys: ReadonlySet<string>
  readonly fingerprints: ReadonlySet<string>
  readonly accountTags: ReadonlySet<string>
}

/** What a store tells by itself of what was written to it, whoever wrote. */
export interface WriteEvents {
  /** Keys of records that came, went or changed. */
  changed(keys: ReadonlySet<string>): void
  /** Writes were lost: nothing that was read before counts. */
  missed(): void
}

/**
 * The changes of all processes that share a store. Whoever keeps a copy subscribes; whoever can reach other processes
 * connects. A change may come twice, and one that comes late finds the copy too old to be believed anyway.
 */
export class Changes {
  readonly #listeners: ((change: Change) => void)[] = []
  readonly #senders: ((change: Change) => void)[] = []
  #reachesOthers: () => Awaitable<boolean> = () => true

  /** After the store was changed. */
  publish(change: Change): void {
    this.receive(change)
    for (const send of this.#senders) send(change)
  }

  /** Another process has published it. */
  receive(change: Change): void {
    for (const listener of this.#listeners) listener(change)
  }

  /** The store has told of it. */
  receiveWritten({ keys, fingerprints, accountTags }: Written): void {
    if (keys.size > 0) this.receive({ kind: 'sessions-changed', keys })
    if (fingerprints.size > 0) this.receive({ kind: 'pats-changed', fingerprints })
    if (accountTags.size > 0) this.receive({ kind: 'grants-changed', accountTags })
  }

  subscribe(listener: (change: Change) => void): void {
    this.#listeners.push(listener)
  }

  /** Whether the other processes hear what was published last. */
  isHeard(): Awaitable<boolean> {
    return this.#reachesOthers()
  }

  /** `reachesOthers`: whether what was sent last is on its way to them; without, there is one always. */
  heardWhile(reachesOthers: () => Awaitable<boolean>): void {
    this.#reachesOthers = reachesOthers
  }

  /** `send` carries changes of this process to others, and does not throw. */
  connect(send: (change: Change) => void): void {
    this.#senders.push(send)
  }
}
