/** Records of what anybody can cause thousands of times a second: the log must not fill the disk. */
import type { Logger } from 'pino'
import type { MonotonicClock } from '../clock.ts'

const WINDOW_MS = 10_000
/** Most records of one kind in a window; further ones are only counted. */
const MAX_RECORDS = 50

interface Window {
  readonly endsAtMs: number
  records: number
  suppressed: number
}

/** `kind`: of a closed set. `what` all of that kind have in common; `who`: one of them. */
export type WriteBounded = (kind: string, what: object, who: object) => void

export function boundedRecords(log: Logger, level: 'info' | 'warn', monotonic: MonotonicClock): WriteBounded {
  const windows = new Map<string, Window>()
  return (kind, what, who) => {
    const now = monotonic()
    let window = windows.get(kind)
    if (window === undefined || now >= window.endsAtMs) {
      const suppressed = window?.suppressed ?? 0
      if (suppressed > 0) log.warn({ ...what, 'torhaus.suppressed': suppressed })
      window = { endsAtMs: now + WINDOW_MS, records: 0, suppressed: 0 }
      windows.set(kind, window)
    }
    if (window.records === MAX_RECORDS) {
      window.suppressed++
      return
    }
    window.records++
    log[level]({ ...what, ...who })
  }
}
