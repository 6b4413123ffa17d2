import { spawn } from 'node:child_process'
import { Socket } from 'node:net'

/** Each line that comes takes the place of the one before; the pipe ends with the process that writes them. */
const SCRIPT = 'will=:; while IFS= read -r line; do will=$line; done; eval "$will"'

/**
 * What a shell does in place of this process where that was killed, and can do nothing itself: by SIGKILL, or by a signal that
 * it does not listen to. Windows has no such shell.
 */
export class LastWill {
  #shell: { readonly input: NodeJS.WritableStream; revoke(): void } | undefined

  /** Statements of sh(1), the first to be done first. */
  write(statements: readonly string[]): void {
    if (process.platform === 'win32') return
    this.#shell ??= startShell()
    this.#shell.input.write(`${[':', ...statements].join('; ')}\n`)
  }

  revoke(): void {
    this.#shell?.revoke()
  }
}

function startShell() {
  // In a process group of its own: Ctrl-C is not for it. Without our folder of temporary files, by which processes are found.
  const child = spawn('sh', ['-c', SCRIPT], {
    ...{ cwd: '/', detached: true, env: { PATH: process.env.PATH } },
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  child.on('error', () => undefined)
  child.unref()
  child.stdin.on('error', () => undefined)
  if (child.stdin instanceof Socket) child.stdin.unref()
  return { input: child.stdin, revoke: () => void child.kill('SIGKILL') }
}

/** As one word of sh(1). A name with a line feed in it is left alone. */
export const shellWord = (text: string): string => `'${text.replaceAll("'", "'\\''").replaceAll('\n', '?')}'`
