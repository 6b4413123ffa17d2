import { setTimeout as sleep } from 'node:timers/promises'

/** Whoever reads the log may stand still, and is waited for no longer. */
const LAST_WRITES_MS = 5000

/**
 * Resolves when the log was `written`. Otherwise it ends this process at once: at an orderly exit Node waits for its
 * threads, and one of them writes.
 */
export async function endInTime(written: Promise<unknown>): Promise<void> {
  const late = Symbol()
  if ((await Promise.race([written, sleep(LAST_WRITES_MS, late)])) !== late) return
  process.kill(process.pid, 'SIGKILL')
  // The first process of a container is spared every signal that comes from inside (pid_namespaces(7)): it becomes
  // another one, which ends.
  process.execve?.(process.execPath, [process.execPath, '--eval', ''])
}
