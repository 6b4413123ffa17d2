import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const ROUNDS = 3
const SETTLE_MS = 30

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

/** Octets in use once all garbage is gone: on V8's heap, outside of it, and resident. Sockets go a turn later. */
export async function memoryInUse(): Promise<{
  readonly heap: number
  readonly outside: number
  readonly rss: number
}> {
  for (let round = 0; round < ROUNDS; round++) {
    collectGarbage()
    await sleep(SETTLE_MS)
  }
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heap: heapUsed, outside: external, rss }
}
