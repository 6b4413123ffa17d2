import { setTimeout as sleep } from 'node:timers/promises'

/** Whoever reads the log may stand still, and is waited for no longer. */
const LAST_WRITES_MS = 5000

/**
 * Resolves when the log was `written`. Otherwise it ends this process at once: at an orderly exit Node waits for its
 * threads, and one of them writes.
 */
export async function endInTime(written: Promise<unknown>): Promise<void> {
  const late = Symbol()
  if ((await Promise.race([written, sleep(LAST_WRITES_MS, late)])) === late) process.kill(process.pid, 'SIGKILL')
}
