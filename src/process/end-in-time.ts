import { setTimeout as sleep } from 'node:timers/promises'

/** If the reader of the log hangs, the process waits no longer than this. */
const LAST_WRITES_MS = 5000

/**
 * Resolves when the log is `written`. If that takes too long, kills this process: at an orderly exit, Node would wait
 * for the thread that is writing.
 */
export async function endInTime(written: Promise<unknown>): Promise<void> {
  const late = Symbol()
  if ((await Promise.race([written, sleep(LAST_WRITES_MS, late)])) !== late) return
  process.kill(process.pid, 'SIGKILL')
  // Signals sent from inside a container do not affect its first process (pid_namespaces(7)), so it is replaced by a
  // program that exits.
  process.execve?.(process.execPath, [process.execPath, '--eval', ''])
}
