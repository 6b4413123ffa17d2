/** Which processor core runs what: the proxy alone on one, origin server and load generator on the other. */
import { execFileSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

/** `both`: the proxy may use either, beside the load. */
export type Place = 'proxy' | 'load' | 'both'

/**
 * False on a machine with one core, or without taskset(1): figures then include the fight for it, and the report says
 * so.
 */
export const isPinned: boolean = availableParallelism() > 1 && hasTaskset()

const coreOf: Record<Place, string> = { load: '0', proxy: '1', both: '0,1' }

/** The command that runs `command` on the core of that place. taskset(1) replaces itself: the pid stays the same. */
export function pinned(place: Place, command: readonly string[]): string[] {
  return isPinned ? ['taskset', '--cpu-list', coreOf[place], ...command] : [...command]
}

/** Moves this process and the threads it has to the core of the load. */
export function pinSelf(): void {
  if (isPinned) execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', coreOf.load, String(process.pid)])
}

function hasTaskset(): boolean {
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
