import { readFileSync } from 'node:fs'

/** A process that has ended stays a zombie until somebody asks for its exit code, and does not run (proc(5)). */
export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2))
  } catch {
    return false
  }
}
