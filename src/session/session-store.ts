/**
 * Stores sessions and sign-ins in progress. Several processes share one store. Methods may return their results
 * synchronously; the embedded store does, so that a request does not wait for a promise.
 */
import type { AccountKey } from '../account-key.ts'
import type { Awaitable } from '../awaitable.ts'
import type { Evidence } from '../exchange.ts'
import type { Device } from '../http/device.ts'

/** Where a person signed in, shown so that they recognise the session; no decision depends on it. */
export interface SignedInFrom extends Device {
  /** Address of the client. */
  readonly address: string
}

export interface SessionRecord {
  /** Hash of the id in the cookie, so that ids cannot be obtained from the store. */
  readonly key: string
  readonly subject: string
  /** Session id at the OP (`sid`), if the OP states one. */
  readonly opSessionId: string | undefined
  readonly account: string
  /** The account may be spelled in several ways; this is the same for all. */
  readonly accountKey: AccountKey
  readonly evidence: Evidence
  /** Proof that this Torhaus created the record; undefined in records from before bindings. */
  readonly binding: string | undefined
  readonly createdAtMs: number
  readonly lastSeenAtMs: number
  /** When the OP was last asked whether the person may still pass. */
  readonly refreshedAtMs: number
  /** Tokens of the OP, encrypted, with the groups of the person. */
  readonly sealedTokens: string | undefined
  /** Absent in records of earlier versions; not covered by the binding. */
  readonly from?: SignedInFrom
  /** Ids of marks, each of which ends all sessions of the person; undefined if the store has no marks. */
  readonly endedBy?: readonly string[]
  /** From `sealedTokens`, if groups are configured; never stored by itself. */
  readonly groups?: readonly string[]
}

/** The purpose of a sign-in: only a new sign-in made for it fulfils it. */
export interface Intent {
  readonly kind: 'confirm' | 'allow-pat' | 'confirm-pat'
  /** The code of the request to confirm, or the fingerprint of the token. */
  readonly object: string
  /** The account that began it, which alone may complete it. */
  readonly accountKey: AccountKey
  readonly begunAtMs: number
}

export interface SignInRecord {
  /** The `state` parameter (RFC 6749 4.1.1). */
  readonly state: string
  /** Hash of the cookie that ties the sign-in to one browser. */
  readonly browserKey: string
  readonly nonce: string
  readonly codeVerifier: string
  readonly returnTo: string
  /** Maximum age of the authentication in seconds, and acceptable acr values; empty: any that is accepted. */
  readonly maxAgeSeconds: number
  readonly acrValues: readonly string[]
  readonly expiresAtMs: number
  /** Undefined: an ordinary sign-in. */
  readonly intent?: Intent
}

/** All sessions of an account in any spelling, of a subject of the OP, or of one session at the OP. */
export type SessionSelector =
  | { readonly accountKey: AccountKey; readonly subject?: undefined; readonly opSessionId?: undefined }
  | { readonly accountKey?: undefined; readonly subject: string; readonly opSessionId?: string }
  | { readonly accountKey?: undefined; readonly subject?: undefined; readonly opSessionId: string }

export type EndedSession = Pick<SessionRecord, 'key' | 'account'>

/** A lease that ends this much later than one taken now dates from before the clock was set back, and is ignored. */
export const MAX_LEASE_AHEAD_MS = 60_000

/**
 * A client that sends tickets but keeps no cookies, or a browser that the OP signs in silently, opens one session
 * after another; the oldest are removed.
 */
export const MAX_SESSIONS_PER_ACCOUNT = 1000

/** Most sign-ins in flight, of all browsers together; the oldest are removed. */
export const MAX_SIGN_INS = 100_000

export interface SessionStore {
  /** Keeps at most `MAX_SESSIONS_PER_ACCOUNT` of an account. */
  createSession(record: SessionRecord): Awaitable<void>
  readSession(key: string): Awaitable<SessionRecord | undefined>
  touchSession(key: string, lastSeenAtMs: number): Awaitable<void>
  /** `isOverdue`: any reader would see that it is over, so the deletion need not be durable. Default: false. */
  deleteSession(key: string, isOverdue?: boolean): Awaitable<void>
  /** Newest first. */
  sessionsOf(selector: SessionSelector): Awaitable<SessionRecord[]>
  /**
   * The accounts of the `most` sessions seen last, the latest first. Not implemented by a store that would have to
   * read all sessions.
   */
  accountsSeenLast?(most: number): Awaitable<AccountKey[]>
  /** Returns the deleted sessions. */
  deleteSessions(selector: SessionSelector): Awaitable<EndedSession[]>
  /**
   * Claims the right to use the refresh token for `leaseMs`: true for one caller only. Uses the clock of the store,
   * shared by all processes; `nowMs` is for a store without a clock, whose processes share one machine.
   */
  claimRefresh(key: string, nowMs: number, leaseMs: number): Awaitable<boolean>
  /** Ends the lease early. */
  releaseRefresh(key: string): Awaitable<void>
  /**
   * Also ends the caller's lease. Never recreates a deleted session. False: nothing was stored, or the session has
   * ended with all of its person. `insteadOfMs`: saves late, only if the last refresh was at that time, and keeps the
   * lease, which another process may hold by now.
   */
  saveRefresh(key: string, refreshedAtMs: number, sealedTokens: string, insteadOfMs?: number): Awaitable<boolean>
  /** Keeps at most `maxPerBrowser` for one browser: the oldest is dropped. */
  addSignIn(record: SignInRecord, maxPerBrowser: number): Awaitable<void>
  /** Returns a sign-in and removes it. */
  takeSignIn(state: string): Awaitable<SignInRecord | undefined>
  /** True for the first caller with that id until `untilMs`: for what counts once, such as a logout token. */
  claimOnce(id: string, nowMs: number, untilMs: number): Awaitable<boolean>
  /** Marks an id until `untilMs`, or until the end of an existing mark if that is later. */
  markUntil(id: string, untilMs: number): Awaitable<void>
  /** The end of the mark; expired marks may be missing. */
  markedUntil(id: string): Awaitable<number | undefined>
  /**
   * Marks an id until `untilMs`, unless it is marked already or `most` ids are: for marks that anybody can cause,
   * which must not extend or displace others.
   */
  markOnce(id: string, nowMs: number, untilMs: number, most: number): Awaitable<void>
  /** The end of a mark set by `markOnce`; expired marks may be missing. */
  markedOnce(id: string): Awaitable<number | undefined>
  /**
   * Removes what has expired: claims, marks and sign-ins past their time, and sessions last seen before `idleSinceMs`
   * or created before `createdBeforeMs`.
   */
  sweep(nowMs: number, idleSinceMs: number, createdBeforeMs: number): Awaitable<void>
}
