/** Runs a program to its end, a generator mostly, and gives back what it wrote. */
import { spawn } from 'node:child_process'
import { atExit } from '../../devkit/demo/at-exit.ts'
import { type Place, pinned } from './cores.ts'

export interface ProgramOptions {
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** Default: the core of the load. */
  readonly place?: Place
  /**
   * Written to standard input: credentials do not belong on a command line, which every user of the machine can read.
   */
  readonly input?: string
  /** Gets each whole line of standard output when it comes; what it throws ends the program. */
  readonly onLine?: (line: string) => void
}

/**
 * Gives back standard output, or what is left of it after the last whole line where those were asked for.
 * @throws where it ends with anything but 0, with the end of standard error; and when aborted.
 */
export function runProgram(command: readonly string[], options: ProgramOptions): Promise<string> {
  const [program = '', ...args] = pinned(options.place ?? 'load', command)
  const { timeoutMs, signal, input = '', onLine } = options
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { timeout: timeoutMs, killSignal: 'SIGKILL', signal })
    const killed = atExit(() => child.kill('SIGKILL'), `kill -s KILL ${child.pid}`)
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      if (onLine === undefined) return
      const lines = stdout.split('\n')
      stdout = lines.pop() ?? ''
      try {
        lines.forEach(onLine)
      } catch (error) {
        reject(error)
        child.kill('SIGKILL')
      }
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.on('error', reject)
    child.on('close', (code, endedBy) => {
      killed()
      if (code === 0) resolve(stdout)
      else reject(new Error(`${command[0]} ended with ${code ?? endedBy}: ${stderr.trim().slice(-1000)}`))
    })
    // A program that ends without reading its input closes the pipe: its exit code tells, not EPIPE.
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
  })
}
