import cluster from 'node:cluster'
import { isOutputShareable } from '../observability/log-output.ts'
import { workerFlags } from './worker-flags.ts'

/** Configures all workers started from now on. */
export function setUpWorkers(program: string): void {
  // All workers accept from one queue: idle workers take the next connection, hanging ones take none, and what waits
  // when one ends goes to the others. Node's round robin passes connections to workers instead, and a worker without
  // free descriptors would lose one and never get another. On Windows, with one queue, a single worker would accept
  // nearly all.
  cluster.schedulingPolicy = process.platform === 'win32' ? cluster.SCHED_RR : cluster.SCHED_NONE
  cluster.setupPrimary({
    exec: program,
    args: [],
    execArgv: workerFlags(process.execArgv),
    // Standard error is shared: only crashes are written there. Standard output is, too, if lines stay whole: a
    // separate pipe (see relayLines) costs a twelfth of the cost of proxying.
    stdio: ['ignore', isOutputShareable() ? 'inherit' : 'pipe', 'inherit', 'ipc'],
  })
}
