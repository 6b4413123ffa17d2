import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { jsonMember } from '../op/json-member.ts'
import { mainProgram } from '../torhaus/torhaus-program.ts'
import { endAtExit } from './at-exit.ts'
import { DemoError } from './demo-error.ts'

const usualReadyTimeoutMs = 90_000
const pollMs = 100
/** Longer than the demo lets Torhaus drain. */
const stopTimeoutMs = 15_000

export type TorhausProcess = {
  readonly pid: number | undefined
  /** Resolves, never rejects, when the process has ended, with what to tell about it. */
  readonly ended: Promise<string>
  /** Resolves when Torhaus takes requests; rejects with a DemoError if it ends before or takes too long. */
  ready(adminUrl: string, signal: AbortSignal): Promise<void>
  /** Asks it to drain and end, and ends it if it does not. */
  stop(): Promise<void>
  /** Ends it at once, without waiting. */
  kill(): void
}

export type LaunchOptions = {
  /** Variables beside those of this process. */
  readonly environment?: NodeJS.ProcessEnv
  /** A program that becomes Torhaus, e.g. setpriv(1), and its arguments. */
  readonly launcher?: readonly string[]
  /** Another Node than this one, and what runs it. */
  readonly node?: readonly string[]
  /** Root of another working tree, e.g. an earlier commit. */
  readonly tree?: string
  /** What to tell in place of its last message, where whoever started this one knows a better remedy. */
  readonly explain?: (lastMessage: string) => string | undefined
}

/** Starts Torhaus, with both its outputs in `logFile`. */
export function startTorhaus(configFile: string, logFile: string, options: LaunchOptions = {}): TorhausProcess {
  const log = openSync(logFile, 'a', 0o600)
  const { PORT: _, ADMIN_PORT: __, HTTP_PLATFORM_PORT: ___, ...environment } = process.env
  // In a process group of its own: Ctrl-C in the terminal is for the demo, which then stops it in order.
  const { launcher = [], node = [process.execPath], tree, explain } = options
  // One that is brought by an emulator takes its time.
  const readyTimeoutMs = usualReadyTimeoutMs * (options.node === undefined ? 1 : 4)
  const command = [...launcher, ...node, mainProgram(tree), '--config', configFile]
  const child = spawn(command[0] ?? '', command.slice(1), {
    stdio: ['ignore', log, log],
    detached: true,
    // Whoever is killed leaves its sockets there; they go with the folder.
    env: { ...environment, RUNTIME_DIRECTORY: dirname(logFile), ...options.environment },
  })
  closeSync(log)
  endAtExit(child, 'SIGKILL', () => kill(child))
  const ended = new Promise<string>(resolve => {
    child.once('error', error => resolve(`Torhaus cannot be started: ${error.message}.`))
    child.once('exit', (code, signal) => resolve(explain?.(lastMessage(logFile)) ?? describeEnd(code, signal, logFile)))
  })

  return {
    pid: child.pid,
    ended,
    async ready(adminUrl, signal) {
      const givenUp = AbortSignal.any([signal, AbortSignal.timeout(readyTimeoutMs)])
      const failed = ended.then(reason => Promise.reject(new DemoError(reason)))
      // Whichever comes first decides; the other must not count as unhandled.
      failed.catch(() => undefined)
      await Promise.race([answersReady(adminUrl, givenUp), failed]).catch(error => {
        if (error instanceof DemoError || signal.aborted) throw error
        throw new DemoError(`Torhaus was not ready after ${readyTimeoutMs / 1000} seconds${lastWords(logFile)}`)
      })
    },
    async stop() {
      child.kill('SIGTERM')
      await Promise.race([ended, sleep(stopTimeoutMs, undefined, { ref: false })])
      kill(child)
      await ended
    },
    kill: () => kill(child),
  }
}

function kill(child: ChildProcess): void {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
}

async function answersReady(adminUrl: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const response = await fetch(`${adminUrl}/readyz`, { signal }).catch(() => undefined)
    await response?.body?.cancel()
    if (response?.status === 200) return
    await sleep(pollMs, undefined, { signal })
  }
}

function describeEnd(code: number | null, signal: string | null, logFile: string): string {
  const how = signal === null ? `with exit code ${code}` : `by ${signal}`
  return `Torhaus ended ${how}${lastWords(logFile)}`
}

/** The last thing Torhaus said, as the end of a sentence; its log holds no secrets. */
function lastWords(logFile: string): string {
  const words = lastMessage(logFile)
  return words === '' ? '.' : `; its last message: ${words}`
}

function lastMessage(logFile: string): string {
  const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n')
  // Of a crash, the line that names the error says most; what follows it is the stack.
  const error = lines.find(line => /^\w*Error\b/.test(line))
  return error ?? messageOf(lines.at(-1) ?? '')
}

function messageOf(line: string): string {
  try {
    const record: unknown = JSON.parse(line)
    const message = jsonMember(record, 'message') ?? jsonMember(record, 'msg')
    return typeof message === 'string' ? message : line
  } catch {
    return line.trim()
  }
}
