/**
 * Wakes the thread that made it at a constant rate. A timer of Node is no finer than a millisecond, and turning in a
 * loop until a request is due would take the core from the origin server; a thread that sleeps in the kernel does
 * neither.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { monotonicMs } from './monotonic-ms.ts'

/** When it wakes for the n-th time, what was due until `startMs + n * intervalMs` is to be sent. */
export interface Pace {
  readonly startMs: number
  readonly intervalMs: number
}

const { intervalMs } = workerData as { intervalMs: number }
const never = new Int32Array(new SharedArrayBuffer(4))
const startMs = monotonicMs()
parentPort?.postMessage({ startMs, intervalMs } satisfies Pace)

for (let wakeUp = 1; ; wakeUp++) {
  const leftMs = startMs + wakeUp * intervalMs - monotonicMs()
  if (leftMs > 0) Atomics.wait(never, 0, 0, leftMs)
  parentPort?.postMessage(wakeUp)
}
