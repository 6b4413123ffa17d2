/** Sessions as read from the store, and until when each may be used without reading it again. */
import type { Awaitable } from '../awaitable.ts'
import type { MonotonicClock } from '../clock.ts'
import type { Change } from '../store/changes.ts'
import { MAX_LASTS_MS, ReadCache, type ReadCacheSettings } from '../store/read-cache.ts'
import type { SessionRecord } from './session-store.ts'

/** A running session. The record is what the store said; `lastSeenAtMs` runs ahead of the store. */
export interface Session {
  record: SessionRecord
  lastSeenAtMs: number
}

/** The part of the idle timeout after which "last seen" is written again: so many writes per session at most. */
export const TOUCH_FRACTION = 20

/** Goes by ids, while changes name keys and accounts. */
export type SessionCache = ReadCache<string, Session, 'key' | 'account'>

/** `read`: from the store; undefined where there is none that counts. */
export function sessionCache(
  times: ReadCacheSettings & { readonly idleTimeoutSeconds: number },
  read: (id: string) => Awaitable<Session | undefined>,
  monotonic: MonotonicClock,
): SessionCache {
  // What others have seen of it since is not told: an answer must not outlive what may be idle too long.
  const lastsMs = Math.min(MAX_LASTS_MS, (times.idleTimeoutSeconds * 1000) / TOUCH_FRACTION)
  return new ReadCache({ ...times, lastsMs }, read, monotonic, FOUND_BY, renewed)
}

const FOUND_BY = { key: ({ record }: Session) => record.key, account: ({ record }: Session) => record.account }

export function hearChange(cache: SessionCache, change: Change): void {
  if (change.kind === 'session' || change.kind === 'session-ended') cache.forgetBy('key', change.key)
  else if (change.kind === 'account') cache.forgetBy('account', change.account)
  else if (change.kind === 'sessions-changed') cache.expireBy('key', change.keys)
  else if (change.kind === 'sessions-ended') cache.expireWhere(session => isEndedBy(session, change.by))
  else if (change.kind === 'missed') cache.expire()
}

const isEndedBy = ({ record: { endedBy } }: Session, by: ReadonlySet<string> | undefined): boolean =>
  by === undefined || endedBy === undefined || endedBy.some(id => by.has(id))

/** The same object stays in use, so that a refresh under way updates what every request sees. */
function renewed(known: Session, { record }: Session): Session {
  // A refresh may have been saved while the record was on its way here.
  if (record.refreshedAtMs >= known.record.refreshedAtMs && isSame(known, record)) known.record = record
  known.lastSeenAtMs = Math.max(record.lastSeenAtMs, known.lastSeenAtMs)
  return known
}

/** Whether the record may take the place of that session's: whose it is never changes, and it is found by that. */
export const isSame = ({ record }: Session, { key, account }: SessionRecord): boolean =>
  record.key === key && record.account === account
