/**
 * Returns memory of departed clients to the system. V8 collects garbage when something is allocated; if thousands
 * leave and few stay, nothing is, and their memory stays in use: 16 KB each.
 */
import { measureMemory } from 'node:vm'

/** The memory of fewer clients is reused by the next requests. */
const MANY = 500

/**
 * To be called periodically with the number of connections. Once many, and half of the maximum, have left, collects
 * garbage once, beside the requests: V8 marks in threads of its own, ten seconds later at the earliest.
 */
export function givesBack(collect: () => void = collectSoon): (connections: number) => void {
  let most = 0
  return connections => {
    most = Math.max(most, connections)
    if (most - connections < MANY || connections > most / 2) return
    most = connections
    collect()
  }
}

/** Measuring begins with a garbage collection; Node documents no other way to request one (`vm.measureMemory`). */
function collectSoon(): void {
  // The promise settles after the collection; the figures are not needed.
  void measureMemory({ mode: 'summary', execution: 'default' }).catch(() => undefined)
}
