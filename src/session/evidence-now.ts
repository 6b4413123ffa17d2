import type { Evidence } from '../exchange.ts'
import type { SessionRecord } from './session-store.ts'

/**
 * The evidence of a session, for who judges it by `nowMs`. A clock that was set back, or is behind that of another
 * machine, would see a second factor in the future, and disbelieve it; it is later than the last time that the session
 * was seen, whatever the clock says. So the second factor is as old as it was then, and never younger.
 */
export function evidenceNow(record: SessionRecord, nowMs: number): Evidence {
  const { evidence } = record
  const seenAtMs = Math.max(record.createdAtMs, record.lastSeenAtMs)
  if (nowMs >= seenAtMs || evidence.authTime === undefined) return evidence
  return { ...evidence, authTime: evidence.authTime - (seenAtMs - nowMs) / 1000 }
}
