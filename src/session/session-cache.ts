/** Cache of sessions read from the store, each with a time until which it may be used without being read again. */
import type { Awaitable } from '../awaitable.ts'
import type { MonotonicClock } from '../clock.ts'
import type { Change } from '../store/changes.ts'
import { MAX_LASTS_MS, ReadCache, type ReadCacheSettings } from '../store/read-cache.ts'
import type { SessionRecord } from './session-store.ts'

/** A running session. `record` is as stored; `lastSeenAtMs` runs ahead of the store. */
export interface Session {
  record: SessionRecord
  lastSeenAtMs: number
}

/** "Last seen" is written again after this fraction of the idle timeout, which bounds the writes per session. */
export const TOUCH_FRACTION = 20

/** Keyed by session id; changes name keys and accounts. */
export type SessionCache = ReadCache<string, Session, 'key' | 'account'>

/** `read`: from the store; undefined if there is no valid session. */
export function sessionCache(
  times: ReadCacheSettings & { readonly idleTimeoutSeconds: number },
  read: (id: string) => Awaitable<Session | undefined>,
  monotonic: MonotonicClock,
): SessionCache {
  // Uses in other processes are not announced, so an entry must not be kept beyond the precision of the idle timeout.
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

/** Keeps the same object in use, so that a refresh under way updates what every request sees. */
function renewed(known: Session, { record }: Session): Session {
  // A refresh may have been saved while the record was being read.
  if (record.refreshedAtMs >= known.record.refreshedAtMs && isSame(known, record)) known.record = record
  known.lastSeenAtMs = Math.max(record.lastSeenAtMs, known.lastSeenAtMs)
  return known
}

/** Whether the record may replace that of the session: key and account, by which it is indexed, never change. */
export const isSame = ({ record }: Session, { key, account }: SessionRecord): boolean =>
  record.key === key && record.account === account
