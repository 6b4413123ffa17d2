/**
 * Stores sessions and sign-ins in progress. Several processes share one store. Methods may return their results
 * synchronously; the embedded store does, so that a request does not wait for a promise.
 */
import type { AccountKey } from '../account-key.ts'
import type { Awaitable } from '../awaitable.ts'
import type { Evidence } from '../exchange.ts'
import type { Device } from '../http/device.ts'

/** Where somebody was at sign-in, for that person to know the session by: nobody is believed by it. */
export interface SignedInFrom extends Device {
  /** Address of the client. */
  readonly address: string
}

export interface SessionRecord {
  /** Hash of the id in the cookie: whoever reads the store cannot use what is in it. */
  readonly key: string
  readonly subject: string
  /** Session id at the OP (`sid`), where it says one. */
  readonly opSessionId: string | undefined
  readonly account: string
  /** A person may come by several spellings of the account. */
  readonly accountKey: AccountKey
  readonly evidence: Evidence
  /** What shows that this Torhaus has made the record; undefined in one from before that. */
  readonly binding: string | undefined
  readonly createdAtMs: number
  readonly lastSeenAtMs: number
  /** When the OP was last asked whether the person is still welcome. */
  readonly refreshedAtMs: number
  /** Tokens of the OP, encrypted, with the groups of the person. */
  readonly sealedTokens: string | undefined
  /** Not said by an earlier version; nothing binds it. */
  readonly from?: SignedInFrom
  /** Of marks, each of which ends it with everything of its person; undefined where the store has none. */
  readonly endedBy?: readonly string[]
  /** Out of `sealedTokens`, where somebody asks for them; no store knows it. */
  readonly groups?: readonly string[]
}

/** What a sign-in was begun for: it is done once the person has signed in anew for it, and by nothing else. */
export interface Intent {
  readonly kind: 'confirm' | 'allow-pat' | 'confirm-pat'
  /** The code of the request to confirm, or the fingerprint of the token. */
  readonly object: string
  /** Who began it, and nobody else may end it. */
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
  /** How recent the authentication must be, in seconds, and which acr it must have; none: any that is accepted. */
  readonly maxAgeSeconds: number
  readonly acrValues: readonly string[]
  readonly expiresAtMs: number
  /** Undefined: to be signed in, and no more. */
  readonly intent?: Intent
}

/** All sessions of an account in whatever spelling, of a subject of the OP, or of one session at the OP. */
export type SessionSelector =
  | { readonly accountKey: AccountKey; readonly subject?: undefined; readonly opSessionId?: undefined }
  | { readonly accountKey?: undefined; readonly subject: string; readonly opSessionId?: string }
  | { readonly accountKey?: undefined; readonly subject?: undefined; readonly opSessionId: string }

export type EndedSession = Pick<SessionRecord, 'key' | 'account'>

/** A lease that ends so much later than one taken now is from before the clock was set back, and holds nobody. */
export const MAX_LEASE_AHEAD_MS = 60_000

/**
 * Whoever shows tickets and keeps no cookie, or is signed in at the OP without a question, opens one after the other: the
 * one that was opened first makes room.
 */
export const MAX_SESSIONS_PER_ACCOUNT = 1000

/** Most sign-ins in flight, of all browsers together: the oldest make room. */
export const MAX_SIGN_INS = 100_000

export interface SessionStore {
  /** Keeps `MAX_SESSIONS_PER_ACCOUNT` of an account. */
  createSession(record: SessionRecord): Awaitable<void>
  readSession(key: string): Awaitable<SessionRecord | undefined>
  touchSession(key: string, lastSeenAtMs: number): Awaitable<void>
  /** `isOverdue`: whoever reads it again sees that it is over; nothing need wait for the disk. Default: false. */
  deleteSession(key: string, isOverdue?: boolean): Awaitable<void>
  /** Newest first. */
  sessionsOf(selector: SessionSelector): Awaitable<SessionRecord[]>
  /**
   * Whose the `most` sessions are that were seen last, those first. None: the store would have to read all of them.
   */
  accountsSeenLast?(most: number): Awaitable<AccountKey[]>
  /** Returns what was there. */
  deleteSessions(selector: SessionSelector): Awaitable<EndedSession[]>
  /**
   * True for one caller only, for as long: who may use the refresh token now. Goes by the clock of the store, which all
   * processes share; `nowMs` is for a store without one, whose processes share that of their machine.
   */
  claimRefresh(key: string, nowMs: number, leaseMs: number): Awaitable<boolean>
  /** Ends the lease, so that the next caller gets it. */
  releaseRefresh(key: string): Awaitable<void>
  /**
   * Also ends the lease, which is its own. A session that is gone stays gone: false, nothing was stored, or it ends
   * with all of its person. `insteadOfMs`: what is stored late, and only where the session was refreshed last then; a
   * lease may be another one's by now, and stays.
   */
  saveRefresh(key: string, refreshedAtMs: number, sealedTokens: string, insteadOfMs?: number): Awaitable<boolean>
  /** Keeps at most `maxPerBrowser` for one browser: the oldest is dropped. */
  addSignIn(record: SignInRecord, maxPerBrowser: number): Awaitable<void>
  /** Gives a sign-in once, and removes it. */
  takeSignIn(state: string): Awaitable<SignInRecord | undefined>
  /** True for the first caller with that id until `untilMs`: what counts once, such as a logout token. */
  claimOnce(id: string, nowMs: number, untilMs: number): Awaitable<boolean>
  /** Marks an id until then; where it is marked already, until the later of both. */
  markUntil(id: string, untilMs: number): Awaitable<void>
  /** Until when the id is marked; once that time is over, perhaps nothing. */
  markedUntil(id: string): Awaitable<number | undefined>
  /**
   * Marks an id until then, unless it is marked already or `most` are: what anybody can have us mark, without moving or
   * displacing anything.
   */
  markOnce(id: string, nowMs: number, untilMs: number, most: number): Awaitable<void>
  /** Until when `markOnce` has marked the id; once that time is over, perhaps nothing. */
  markedOnce(id: string): Awaitable<number | undefined>
  /**
   * Removes what has ended: claims and marks past their time, sessions not seen since `idleSinceMs` or made before
   * `createdBeforeMs`, sign-ins past their time.
   */
  sweep(nowMs: number, idleSinceMs: number, createdBeforeMs: number): Awaitable<void>
}
