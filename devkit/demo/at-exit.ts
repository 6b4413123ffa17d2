import type { ChildProcess } from 'node:child_process'
import { LastWill } from './last-will.ts'

/**
 * What is undone when this process ends, however abruptly: by a second Ctrl-C, by an error that nobody caught, or, as far as a
 * shell can do it, by SIGKILL. The latest goes first, so that programs have ended before their folder is removed.
 */
const cleanUps = new Map<() => void, string | undefined>()
const will = new LastWill()

process.once('exit', () => {
  for (const cleanUp of [...cleanUps.keys()].reverse())
    try {
      cleanUp()
    } catch (error) {
      // The others are undone all the same.
      process.stderr.write(`${(error as Error).message}\n`)
    }
  will.revoke()
})

/**
 * Runs `cleanUp` when the process exits; the function returned runs it now instead. `inShell`: a statement of sh(1), on one
 * line, that does the same for a process that was killed.
 */
export function atExit(cleanUp: () => void, inShell?: string): () => void {
  const own = () => cleanUp()
  cleanUps.set(own, inShell)
  if (inShell !== undefined) writeWill()
  return () => {
    if (cleanUps.delete(own) && inShell !== undefined) writeWill()
    cleanUp()
  }
}

function writeWill(): void {
  will.write([...cleanUps.values()].reverse().flatMap(statement => statement ?? []))
}

/** Ends `child` with this process; `kill` is how, where a signal to it alone is not enough. */
export function endAtExit(
  child: ChildProcess,
  signal: NodeJS.Signals,
  kill: () => void = () => child.kill(signal),
): void {
  const { pid } = child
  child.once('exit', atExit(kill, pid === undefined ? undefined : `kill -s ${signal.slice(3)} ${pid}`))
}
