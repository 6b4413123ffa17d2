import { randomFillSync } from 'node:crypto'

const POOL_BYTES = 4096
const pool = Buffer.alloc(POOL_BYTES)
let used = POOL_BYTES

/** Writes fresh random octets at `offset`. Asking the system for a block of them at a time costs a tenth. */
export function writeRandom(target: Uint8Array, offset: number, size: number): void {
  if (used + size > POOL_BYTES) {
    randomFillSync(pool)
    used = 0
  }
  target.set(pool.subarray(used, used + size), offset)
  // What was handed out once is nowhere kept.
  pool.fill(0, used, used + size)
  used += size
}
