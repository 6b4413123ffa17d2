/**
 * What a logout at the OP ends here. At the same time, a sign-in may be in progress here or in another process, with an
 * ID token from before the logout. So the logout is marked before sessions are ended, and a sign-in reads the marks
 * after it has opened its session.
 *
 *   logout    mark, then end sessions          sign-in    open the session, then read the marks
 *
 * Whichever comes first, one of the two notices the other.
 *
 * Front-channel logout is not signed: anyone who knows a `sid` can send one, and anyone can make one up. So its marks
 * are kept separately and limited in number, and repeating a `sid` does not renew its mark: an ID token issued after
 * the first time can open a session.
 */

import { createHash } from 'node:crypto'
import type { AccountKeyOf } from '../account-key.ts'
import { BoundedMap } from '../bounded-map.ts'
import { unavailable } from '../errors.ts'
import type { Grants } from '../grants/grants.ts'
import type { EndedSession, SessionSelector, SessionStore } from '../session/session-store.ts'
import type { Sessions } from '../session/sessions.ts'
import type { Changes } from '../store/changes.ts'
import type { LoggedOut } from './logout-token.ts'

export interface OpLogoutParts {
  readonly sessions: Sessions
  readonly grants: Grants
  readonly store: SessionStore
  readonly changes: Changes
  readonly accountKey: AccountKeyOf
  /** What is kept of the account elsewhere, such as its tickets. */
  readonly forget: (account: string) => void
}

/**
 * An ID token older than this opens no session: a code lives for 10 minutes at most (RFC 6749 4.1.2), and is exchanged
 * at once.
 */
const MARKED_FOR_MS = 900_000
/** Most marks of front-channel logouts at a time. */
const MAX_UNSIGNED_MARKS = 1000
const MAX_UNSTORED_MARKS = 10_000

export class OpLogout {
  readonly #parts: OpLogoutParts
  /** Marks that the store had no room for: all processes remember them. */
  readonly #unstored = new BoundedMap<string, number>(MAX_UNSTORED_MARKS)

  constructor(parts: OpLogoutParts) {
    this.#parts = parts
    parts.changes.subscribe(change => {
      if (change.kind === 'op-logout') this.#unstored.set(change.id, change.untilMs)
    })
  }

  /**
   * Ends the sessions that the OP means, and returns them. `isSigned`: by the OP, so that nobody else can have said it.
   * A logout of the whole person, which names no session, also ends the grants of their accounts: these were confirmed
   * with sign-ins that count no more. Rejects with `store-unavailable`.
   */
  async end({ subject, opSessionId, issuedAtS }: LoggedOut, isSigned: boolean): Promise<EndedSession[]> {
    const { sessions, grants, store, changes, accountKey, forget } = this.#parts
    const selector = selectorOf(subject, opSessionId)
    const mark = markOf(subject, opSessionId)
    const issuedAtMs = issuedAtS * 1000
    const untilMs = issuedAtMs + MARKED_FOR_MS
    try {
      if (isSigned) await store.markUntil(mark, untilMs)
      else await store.markOnce(mark, issuedAtMs, untilMs, MAX_UNSIGNED_MARKS)
    } catch (error) {
      unavailable(error)
      // A store without room for a mark has none for a new session either; running sessions end anyway.
      if (isSigned) changes.publish({ kind: 'op-logout', id: mark, untilMs })
    }
    const ended = await sessions.endAll(selector)
    for (const account of new Set(ended.map(session => session.account))) {
      if (opSessionId === undefined) await grants.revokeAll(accountKey(account))
      forget(account)
    }
    return ended
  }

  /**
   * Whether the OP has ended meanwhile what this ID token speaks of. Both times are by its clock; the same second is
   * too late.
   */
  async hasEnded({ subject, opSessionId, issuedAtS }: LoggedOut): Promise<boolean> {
    const ids = [markOf(subject, undefined)]
    if (opSessionId !== undefined) ids.push(markOf(undefined, opSessionId), markOf(subject, opSessionId))
    const { store } = this.#parts
    const isFromBefore = (markedUntilMs: number | undefined) =>
      markedUntilMs !== undefined && issuedAtS * 1000 <= markedUntilMs - MARKED_FOR_MS
    for (const id of ids)
      if (isFromBefore(this.#unstored.get(id)) || isFromBefore(await store.markedUntil(id))) return true
    return opSessionId !== undefined && isFromBefore(await store.markedOnce(markOf(undefined, opSessionId)))
  }
}

function selectorOf(subject: string | undefined, opSessionId: string | undefined): SessionSelector {
  if (subject === undefined) return { opSessionId: opSessionId ?? '' }
  return opSessionId === undefined ? { subject } : { subject, opSessionId }
}

/** Hashed, so that no name from outside is too long for a store, or reads as another. */
const markOf = (subject: string | undefined, opSessionId: string | undefined) =>
  createHash('sha256')
    .update(JSON.stringify(['logout', subject ?? null, opSessionId ?? null]))
    .digest('base64url')
