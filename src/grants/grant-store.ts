/** Where second-factor grants live, and the requests for them. Several processes share one store. */

import type { AccountKey } from '../account-key.ts'
import type { Awaitable } from '../awaitable.ts'
import type { ClientClass } from '../http/client-class.ts'

/** What a grant is for. The three together are its key: one grant, and one open request, for each. */
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
}

/** A person has confirmed: for so long, this account passes from this network with this class of client. */
export interface Grant extends GrantScope {
  readonly id: string
  readonly clientAddress: string
  readonly userAgent: string
  readonly grantedAtMs: number
  readonly expiresAtMs: number
  /** When the person proved the second factor, in seconds since the epoch, and how. */
  readonly authTime: number
  readonly acr: string | undefined
}

export interface GrantStore {
  findGrant(scope: GrantScope): Awaitable<Grant | undefined>
  grantsOf(accountKey: AccountKey): Awaitable<Grant[]>
  /** Keeps the request, unless one of the same scope is open: then that one stays, and is returned. */
  openRequest(request: GrantRequest, nowMs: number): Awaitable<GrantRequest>
  readRequest(code: string): Awaitable<GrantRequest | undefined>
  /** Turns a request into a grant: true for one caller only. A grant of the same scope is replaced. */
  confirm(code: string, grant: Grant): Awaitable<boolean>
  /** True where there was such a grant. */
  revokeGrant(accountKey: AccountKey, id: string): Awaitable<boolean>
  revokeGrantsOf(accountKey: AccountKey): Awaitable<void>
  sweepGrants(nowMs: number): Awaitable<void>
}
