/**
 * Memory of clients that have left, given back to the system. V8 looks through its heap when something is to be
 * allocated; where thousands leave and few stay, nothing is, and what they took stays for good: 16 KB each.
 */
import { measureMemory } from 'node:vm'

/** Fewer take what the next requests take anyway. */
const MANY = 500

/**
 * To be called from time to time with the number of connections. After many have left, and half of the most there were, the
 * heap is looked through once, beside the requests: V8 marks in threads of its own, ten seconds later at the earliest.
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

/** Measuring begins with a collection of garbage: the one way to ask for it that Node documents (`vm.measureMemory`). */
function collectSoon(): void {
  // Its promise waits for the collection; nobody needs the figures.
  void measureMemory({ mode: 'summary', execution: 'default' }).catch(() => undefined)
}
