import cluster from 'node:cluster'
import { isOutputShareable } from '../observability/log-output.ts'
import { workerFlags } from './worker-flags.ts'

/** For all workers that are started from now on. */
export function setUpWorkers(program: string): void {
  // All workers accept from one queue: whoever has time takes the next connection, one that stands still takes none,
  // and what waits when one ends is taken by the others. Node's round robin hands connections over instead, and a
  // worker without a free descriptor loses one, and the turn with it, for ever. On Windows one worker would take
  // nearly all.
  cluster.schedulingPolicy = process.platform === 'win32' ? cluster.SCHED_RR : cluster.SCHED_NONE
  cluster.setupPrimary({
    exec: program,
    args: [],
    execArgv: workerFlags(process.execArgv),
    // Standard error as it is: nothing but crashes is written there. Standard output, too, where lines stay whole: a
    // pipe of its own (see relayLines) costs as much as a twelfth of the proxying.
    stdio: ['ignore', isOutputShareable() ? 'inherit' : 'pipe', 'inherit', 'ipc'],
  })
}
