/** Waits for what cannot be awaited, such as a counter that is written when a response is closed. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'

const POLL_MS = 20
const [STILL_LOOKS, STILL_MS] = [10, 50]

/** Until it is so; `what` says what was waited for in vain, after `mostMs` milliseconds. */
export async function eventually(isSo: () => boolean | Promise<boolean>, what: string, mostMs = 60_000): Promise<void> {
  for (const endMs = performance.now() + mostMs; !(await isSo()); await sleep(POLL_MS))
    assert.ok(performance.now() < endMs, `not within ${mostMs} ms: ${what}`)
}

/**
 * Until a count has stayed the same for half a second, in many looks: between two of them goes on what can go on, also in a
 * process that had no processor for as long.
 */
export async function standsStill(count: () => number): Promise<void> {
  for (let looks = 0, last = count(); looks < STILL_LOOKS; last = count()) {
    await sleep(STILL_MS)
    looks = count() === last ? looks + 1 : 0
  }
}
