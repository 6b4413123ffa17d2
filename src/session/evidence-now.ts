import type { Evidence } from '../exchange.ts'
import type { SessionRecord } from './session-store.ts'

/**
 * The evidence of a session, to be judged at `nowMs`. If the clock was set back, or is behind that of another machine,
 * the second factor would appear to be in the future and be refused. The current time cannot be earlier than the last
 * use of the session, so the second factor is taken to be at least as old as it was then.
 */
export function evidenceNow(record: SessionRecord, nowMs: number): Evidence {
  const { evidence } = record
  const seenAtMs = Math.max(record.createdAtMs, record.lastSeenAtMs)
  if (nowMs >= seenAtMs || evidence.authTime === undefined) return evidence
  return { ...evidence, authTime: evidence.authTime - (seenAtMs - nowMs) / 1000 }
}
