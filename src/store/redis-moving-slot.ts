import { setTimeout as sleep } from 'node:timers/promises'
import { replyCode } from './redis-condition.ts'

const PAUSE_MS = 25

/**
 * While a slot of a cluster moves to another node, a command on two of its keys is refused if not both are on the node,
 * as for a first grant. The command had no effect, so it is sent again until `patienceMs` have passed.
 */
export function untilSlotMoved(send: () => Promise<unknown>, patienceMs: number): Promise<unknown> {
  return send().catch(async (error: unknown) => {
    if (replyCode(error) !== 'TRYAGAIN' || patienceMs < PAUSE_MS) throw error
    await sleep(PAUSE_MS)
    return untilSlotMoved(send, patienceMs - PAUSE_MS)
  })
}
