/** What the demo and the lab have in common as programs: options, stopping, and how they end. */
import { readFileSync } from 'node:fs'
import { type ExitCode, exitCode } from '../../src/exit-codes.ts'
import { DemoError, UsageError } from './demo-error.ts'

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const PARENT_POLL_MS = 500

/** What has been started. */
interface Running {
  /** Resolves, with a sentence, when a part ends by itself. */
  readonly broken: Promise<string>
  stop(): Promise<void>
}

/**
 * Whether each of `known` was given, in their order; there are no other options. `taken`: those that were read before, for
 * who has mistyped one.
 */
export function flagsFrom(
  name: string,
  args: readonly string[],
  known: readonly string[],
  taken: readonly string[] = [],
): boolean[] {
  const unknown = args.find(arg => !known.includes(arg))
  if (unknown !== undefined) {
    const all = [...known, ...taken]
    const list = all.length < 3 ? all.join(' and ') : `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`
    throw new UsageError(`The ${name} does not know ${unknown}; it takes ${list} only.`)
  }
  return known.map(flag => args.includes(flag))
}

/**
 * Aborted by the first signal to stop, and where what is written cannot be, or nobody reads it any more. A second signal exits at once, with
 * `status`: what stands in `atExit` ends what still runs. A program that is to come to a result is interrupted by it.
 */
export function stopOnSignals(name: string, status: ExitCode = exitCode.done): AbortSignal {
  const controller = new AbortController()
  for (const signal of STOP_SIGNALS) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(status)
      controller.abort()
    })
  }
  for (const output of [process.stdout, process.stderr]) output.on('error', () => controller.abort())
  stopWhenOrphaned(name, () => controller.abort())
  return controller.signal
}

/** For programs that have nothing to end in order: `atExit` does it all. */
export function exitOnSignals(name: string): void {
  const exit = () => process.exit(exitCode.interrupted)
  stopOnSignals(name, exitCode.interrupted).addEventListener('abort', exit)
}

/**
 * npm passes a signal on to the shell it runs scripts in, and that shell dies of it without passing it further. Under
 * npm, therefore, losing the parent counts as the signal, and so does losing npm, which may be killed with that shell left.
 * Elsewhere a parent may well end before the program.
 */
function stopWhenOrphaned(name: string, stop: () => void): void {
  if (process.env.npm_lifecycle_event !== name) return
  const parent = process.ppid
  const npm = parentOfShell(parent)
  setInterval(() => {
    if (process.ppid !== parent || parentOfShell(parent) !== npm) stop()
  }, PARENT_POLL_MS).unref()
}

/** Undefined where `pid` is no shell (npm itself, where the shell has become the program), or nobody can tell. */
function parentOfShell(pid: number): number | undefined {
  try {
    const [, command = '', rest = ''] = /\((.*)\) (.*)/s.exec(readFileSync(`/proc/${pid}/stat`, 'latin1')) ?? []
    return /^(ba|da|k|z)?sh$/.test(command) ? Number(rest.split(' ')[1]) : undefined
  } catch {
    return undefined
  }
}

/** Waits for the signal to stop, or for a part that ends by itself, which is an error; then stops everything. */
export async function untilStopped(running: Running, stop: AbortSignal, tell: (line: string) => void): Promise<void> {
  const stopped = new Promise<undefined>(resolve => {
    if (stop.aborted) resolve(undefined)
    stop.addEventListener('abort', () => resolve(undefined))
  })
  const broken = await Promise.race([stopped, running.broken])
  if (broken === undefined) tell('Stopping ...')
  await running.stop()
  if (broken !== undefined) throw new DemoError(broken)
}

/** Runs the program and ends the process with its status, or in one sentence. */
export function endWith(name: string, run: () => Promise<ExitCode>): void {
  let lost: Error | undefined
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever reads it may have read enough (`| head -1`); a file without the end of it is none.
    if (error.code !== 'EPIPE') lost ??= error
  })
  run()
    .catch((error: unknown) => tellWhy(name, error))
    .then(async status => {
      await new Promise(written => process.stdout.write('', written))
      if (lost !== undefined) process.stderr.write(`The output cannot be written: ${lost.message}\n`)
      process.exit(lost === undefined ? status : exitCode.failed)
    })
}

function tellWhy(name: string, error: unknown): ExitCode {
  const fault = error instanceof Error ? error : new Error(String(error))
  const isUsage = fault instanceof UsageError
  const sentence = fault instanceof DemoError || isUsage ? fault.message : `The ${name} failed: ${fault.message}`
  process.stderr.write(`${sentence}\n`)
  return isUsage ? exitCode.usage : exitCode.failed
}
