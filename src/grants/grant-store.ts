/** Stores second-factor grants and the requests for them. Several processes share one store. */

import type { AccountKey } from '../account-key.ts'
import type { Awaitable } from '../awaitable.ts'
import type { Cover } from '../cover.ts'
import type { Evidence } from '../exchange.ts'
import type { ClientClass } from '../http/client-class.ts'

/**
 * Whose a grant is. The three together are its key: one grant for each, and one open request for each and what it would
 * cover.
 */
export interface GrantScope {
  readonly accountKey: AccountKey
  /** Address prefix, e.g. `192.0.2.0/24`. */
  readonly network: string
  readonly clientClass: ClientClass
}

/** A client that proved its first factor waits for a person to confirm with the second. */
export interface GrantRequest extends GrantScope {
  /** What the link ends with. */
  readonly code: string
  readonly clientAddress: string
  readonly userAgent: string
  readonly createdAtMs: number
  readonly expiresAtMs: number
  /** How recent the second factor must be, in seconds, and which acr: as the rule says that asked. */
  readonly maxAgeSeconds: number
  readonly acceptAcr: readonly string[] | undefined
  /** Undefined: opened by a version that did not say what for. */
  readonly cover: Cover | undefined
}

/** What a person has confirmed at one time. */
export interface Confirmation {
  /** Undefined: confirmed by a version that did not ask what for. */
  readonly cover: Cover | undefined
  /** How the person had signed in; judged at each use by the current requirements. */
  readonly evidence: Evidence
  /** Issuer of the OP whose policy has proven the second factor, of several; undefined: none has, or the only one. */
  readonly vouchedBy?: string
  readonly grantedAtMs: number
  readonly expiresAtMs: number
  /** What shows that this Torhaus has made it; undefined: made by a version that did not. */
  readonly binding: string | undefined
}

/** A person has confirmed: this account passes from this network, with this class of client, for what was confirmed. */
export interface Grant extends GrantScope {
  readonly id: string
  readonly clientAddress: string
  readonly userAgent: string
  /** The newest first. */
  readonly confirmations: readonly Confirmation[]
}

/** Holders of a password with many addresses must not fill the store: the oldest request is removed. */
export const MAX_REQUESTS_PER_ACCOUNT = 100

/** A link that was shown stays good, unless it asks for less than is asked now. */
export const isStillGood = (open: GrantRequest, asked: GrantRequest, nowMs: number): boolean =>
  open.expiresAtMs > nowMs &&
  open.maxAgeSeconds <= asked.maxAgeSeconds &&
  String(open.acceptAcr) === String(asked.acceptAcr)

export interface GrantStore {
  findGrant(scope: GrantScope): Awaitable<Grant | undefined>
  grantsOf(accountKey: AccountKey): Awaitable<Grant[]>
  /** Whose the `most` newest grants are, those first. None: the store would have to read all of them. */
  accountsGrantedLast?(most: number): Awaitable<AccountKey[]>
  /** Keeps the request, unless one of the same scope for the same is open: then that one stays, and is returned. */
  openRequest(request: GrantRequest, nowMs: number): Awaitable<GrantRequest>
  readRequest(code: string): Awaitable<GrantRequest | undefined>
  /**
   * Turns a request into a grant of one confirmation: true for one caller only. What was confirmed before in the same
   * scope stays.
   */
  confirm(code: string, grant: Grant): Awaitable<boolean>
  /** Removes a request, so that it cannot be confirmed. True for one caller only. */
  refuseRequest(request: GrantRequest): Awaitable<boolean>
  /** False if there is no such grant. */
  revokeGrant(accountKey: AccountKey, id: string): Awaitable<boolean>
  revokeGrantsOf(accountKey: AccountKey): Awaitable<void>
  sweepGrants(nowMs: number): Awaitable<void>
}
