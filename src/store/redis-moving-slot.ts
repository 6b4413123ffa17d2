import { setTimeout as sleep } from 'node:timers/promises'
import { replyCode } from './redis-condition.ts'

const PAUSE_MS = 25

/**
 * While a slot of a cluster moves to another node, what needs two of its keys is refused where not both are there, as for
 * a first grant. Nothing was done then, so it is sent again until `patienceMs` are over.
 */
export function untilSlotMoved(send: () => Promise<unknown>, patienceMs: number): Promise<unknown> {
  return send().catch(async (error: unknown) => {
    if (replyCode(error) !== 'TRYAGAIN' || patienceMs < PAUSE_MS) throw error
    await sleep(PAUSE_MS)
    return untilSlotMoved(send, patienceMs - PAUSE_MS)
  })
}
