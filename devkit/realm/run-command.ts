/** Runs a program to its end and gives back what it said: bounded in time, never through a shell. */
import { spawn } from 'node:child_process'

export type CommandOptions = {
  /** Written to standard input, which is then closed. */
  readonly input?: string
  readonly cwd?: string
  /** The whole environment; the default is this process's own. */
  readonly env?: NodeJS.ProcessEnv
  readonly timeoutMs?: number
}

export type CommandResult = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

/** Resolves with the exit code, whatever it is; code null means ended by a signal (the timeout's SIGKILL, too). */
export function tryCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const { cwd, env, timeoutMs = 180_000 } = options
    const child = spawn(file, args, {
      ...(cwd === undefined ? {} : { cwd }),
      ...(env === undefined ? {} : { env }),
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.on('error', reject)
    child.on('close', code => resolve({ code, stdout, stderr }))
    // A program that ends without reading its input closes the pipe: its exit code tells, not EPIPE.
    child.stdin.on('error', () => undefined)
    child.stdin.end(options.input ?? '')
  })
}

/** Resolves with standard output. @throws on any other exit code than 0, with the end of standard error. */
export async function runCommand(file: string, args: readonly string[], options?: CommandOptions): Promise<string> {
  const { code, stdout, stderr } = await tryCommand(file, args, options)
  if (code === 0) return stdout
  // The arguments stay out of the message: they may hold a password.
  throw new Error(`${file} ended with ${code ?? 'a signal'}: ${(stderr || stdout).trim().slice(-2000)}`)
}
