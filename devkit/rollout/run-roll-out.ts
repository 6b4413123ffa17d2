/** The program that operators run, as they run it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Result } from '../../deploy/roll-out/roll-out.ts'

const PROGRAM = resolve(import.meta.dirname, '../../deploy/roll-out/main.ts')

/** Its progress goes to standard error of ours. `signal` makes it go back. */
export async function runRollOut(planFile: string, version: string, signal: AbortSignal): Promise<Result> {
  const child = spawn(process.execPath, [PROGRAM, '--plan', planFile, '--version', version, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // The signal of a terminal would reach it twice, and the second one means: leave.
    detached: true,
  })
  const interrupt = () => void child.kill('SIGTERM')
  signal.addEventListener('abort', interrupt)
  try {
    const ended = once(child, 'exit')
    const said = await text(child.stdout)
    const [code] = await ended
    const last = said.trim().split('\n').at(-1) ?? ''
    if (last === '') throw new Error(`the roll-out ended with ${code}`)
    const { result } = JSON.parse(last) as { result: Result }
    if ((code === 0) !== (result === 'rolled-out'))
      throw new Error(`the roll-out said ${result}, and ended with ${code}`)
    return result
  } finally {
    signal.removeEventListener('abort', interrupt)
  }
}
