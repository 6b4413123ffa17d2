/** Checks tokens that other processes check at the same time; tells its parent which ones it was the first for. */
import { createReplayCache } from '../../../src/kerberos/replay-cache.ts'

const [directory = ''] = process.argv.slice(2)
const timeMs = Date.UTC(2026, 0, 1)
using cache = createReplayCache({ directory, skewMs: 300_000, now: () => timeMs })
const passed: number[] = []
for (let index = 0; index < 2_000; index++) {
  try {
    await cache.check(Buffer.from(`token ${index}`), timeMs)
    passed.push(index)
  } catch {
    // Another process was first.
  }
}
process.send?.(passed)
process.disconnect?.()
