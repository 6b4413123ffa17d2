/** What a processor core has done so far, from proc(5). */
import { readFileSync } from 'node:fs'

export interface CoreUsage {
  readonly busyUs: number
  readonly idleUs: number
}

/** USER_HZ, see process-usage.ts. */
const TICK_US = 10_000

/** Of those cores together. Time that the host of a virtual machine took away counts as neither. */
export function coreUsage(cores: readonly number[]): CoreUsage {
  const lines = readFileSync('/proc/stat', 'utf8').split('\n')
  const usages = cores.map(core => {
    const fields = lines.find(line => line.startsWith(`cpu${core} `))?.split(' ')
    if (fields === undefined) throw new Error(`this machine has no core ${core}`)
    // user, nice, system, idle, iowait, irq, softirq; guest time is part of user time.
    const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0] = fields.slice(1).map(Number)
    return { busyUs: (user + nice + system + irq + softirq) * TICK_US, idleUs: (idle + iowait) * TICK_US }
  })
  return {
    busyUs: usages.reduce((sum, { busyUs }) => sum + busyUs, 0),
    idleUs: usages.reduce((sum, { idleUs }) => sum + idleUs, 0),
  }
}
