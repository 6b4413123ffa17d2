/**
 * What the owners of tokens have confirmed or withdrawn, and what is waiting for them. A token is identified by its
 * fingerprint. Several processes share one store.
 */
import type { AccountKey } from '../account-key.ts'
import type { Awaitable } from '../awaitable.ts'
import type { ClientClass } from '../http/client-class.ts'

/** A token of an account in a network: the subject of requests and confirmations. */
export interface PatScope {
  /** Whose the token is, as the server has said. */
  readonly accountKey: AccountKey
  readonly fingerprint: string
  /** Address prefix, e.g. `192.0.2.0/24`. */
  readonly network: string
}

/** A use that waits for the owner. */
export interface PatRequest extends PatScope {
  /** What the link ends with. */
  readonly code: string
  readonly clientAddress: string
  readonly clientClass: ClientClass
  readonly createdAtMs: number
  readonly expiresAtMs: number
}

/** What the owner has said last. */
export interface PatConfirmation extends PatScope {
  /** Withdrawn: then earlier uses of the token in that network do not count either. */
  readonly isWithdrawn: boolean
  readonly decidedAtMs: number
  readonly expiresAtMs: number
}

/** A thief of a token with many addresses must not fill the store: the oldest request is removed. */
export const MAX_PAT_REQUESTS_PER_ACCOUNT = 100
/** People decide each by hand; the oldest makes room. */
export const MAX_PAT_CONFIRMATIONS_PER_ACCOUNT = 500

export interface PatConfirmationStore {
  /** All confirmations of the token, by any account. */
  confirmationsFor(fingerprint: string): Awaitable<PatConfirmation[]>
  /** The newest first. */
  confirmationsOf(accountKey: AccountKey): Awaitable<PatConfirmation[]>
  /** Keeps the request, unless one of the same scope is open: then that one stays, and is returned. */
  openRequest(request: PatRequest, nowMs: number): Awaitable<PatRequest>
  readRequest(code: string): Awaitable<PatRequest | undefined>
  requestsOf(accountKey: AccountKey): Awaitable<PatRequest[]>
  /** Turns a request into what was decided of it: true for one caller only. */
  confirm(code: string, confirmation: PatConfirmation): Awaitable<boolean>
  /** In place of what was decided there before. `unlessLater`: of what was decided earlier, where it comes late. */
  keepConfirmation(confirmation: PatConfirmation, unlessLater?: boolean): Awaitable<void>
  /** What is decided for one fingerprint is so for the other from now on, and no more for the first; the later decision counts. */
  moveConfirmations(from: string, to: string): Awaitable<void>
  sweepConfirmations(nowMs: number): Awaitable<void>
}
