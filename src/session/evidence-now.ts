import type { Evidence } from '../exchange.ts'
import type { SessionRecord } from './session-store.ts'

/**
 * The evidence of a session, to be judged at `nowMs`. To a clock that was set back, or is behind that of another
 * machine, the second factor would seem to be in the future, and would be refused. But now is certainly later than when
 * the session was last seen, so the second factor is taken to be at least as old as it was then.
 */
export function evidenceNow(record: SessionRecord, nowMs: number): Evidence {
  const { evidence } = record
  const seenAtMs = Math.max(record.createdAtMs, record.lastSeenAtMs)
  if (nowMs >= seenAtMs || evidence.authTime === undefined) return evidence
  return { ...evidence, authTime: evidence.authTime - (seenAtMs - nowMs) / 1000 }
}
