/** Waits for what cannot be awaited, such as a counter that is written when a response is closed. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'

const POLL_MS = 20

/** Until it is so; `what` says what was waited for in vain, after `mostMs` milliseconds. */
export async function eventually(isSo: () => boolean | Promise<boolean>, what: string, mostMs = 60_000): Promise<void> {
  for (const endMs = performance.now() + mostMs; !(await isSo()); await sleep(POLL_MS))
    assert.ok(performance.now() < endMs, `not within ${mostMs} ms: ${what}`)
}
