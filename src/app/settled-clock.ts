/**
 * The clock for what cannot be undone: one that is set far ahead, by a machine that wakes up with a wrong one or by a
 * time server at fault, is set back as a rule, and everybody would have been signed out for good, and what a logout has
 * ended would count again. So a jump ahead is believed an hour later.
 *
 *   set ahead by more than a minute --> goes on as before --> an hour later it is still ahead: believed
 *                                                 +--------> set back: nothing happened
 */
import type { Clock, Surroundings } from '../clock.ts'

/** Smaller jumps are ignored. */
const NOTABLE_MS = 60_000
const BELIEVED_AFTER_MS = 3_600_000

/** Detects a jump when called, so call it about once a minute. Never ahead of `now`. */
export function settledClock({ now, monotonic }: Pick<Surroundings, 'now' | 'monotonic'>): Clock {
  let offsetMs = now() - monotonic()
  let aheadSinceMs: number | undefined
  return () => {
    const [nowMs, elapsedMs] = [now(), monotonic()]
    if (nowMs - elapsedMs - offsetMs > NOTABLE_MS) {
      aheadSinceMs ??= elapsedMs
      if (elapsedMs - aheadSinceMs < BELIEVED_AFTER_MS) return elapsedMs + offsetMs
    }
    aheadSinceMs = undefined
    offsetMs = nowMs - elapsedMs
    return nowMs
  }
}
