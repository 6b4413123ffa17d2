/** A server program as a child: started, awaited until it accepts connections, stopped by its pid. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { endAtExit } from '../demo/at-exit.ts'

const START_TIMEOUT_MS = 60_000
const POLL_MS = 20
/** What SIGTERM is given before SIGKILL. */
const STOP_GRACE_MS = 3_000
const KEPT_OUTPUT_CHARACTERS = 8_000

export type ServerProcessOptions = {
  /** Where it will listen. */
  readonly address: string
  readonly port: number
  /** The whole environment; the default is this process's own. */
  readonly env?: NodeJS.ProcessEnv
  /** How long it may take until it listens; the default is for programs that are quick. */
  readonly startTimeoutMs?: number
}

export type ServerProcess = {
  readonly pid: number
  /** The end of what it wrote. */
  output(): string
  stop(): Promise<void>
}

/**
 * Resolves once the program accepts TCP connections. Its standard input is a pipe held by this process.
 * @throws where it ends before, or does not listen in time, with its output; it is gone by then.
 */
export async function startServerProcess(
  file: string,
  args: readonly string[],
  options: ServerProcessOptions,
): Promise<ServerProcess> {
  const { address, port, env = process.env, startTimeoutMs = START_TIMEOUT_MS } = options
  const child = spawn(file, args, { env, stdio: ['pipe', 'pipe', 'pipe'] })
  // Not SIGKILL: Apache ends its workers itself.
  endAtExit(child, 'SIGTERM')
  let output = ''
  const keep = (text: string) => {
    output = (output + text).slice(-KEPT_OUTPUT_CHARACTERS)
  }
  child.stdout.setEncoding('utf8').on('data', keep)
  child.stderr.setEncoding('utf8').on('data', keep)
  child.stdin.on('error', () => undefined)
  await once(child, 'spawn')
  const stop = () => stopChild(child)
  const deadline = performance.now() + startTimeoutMs
  while (!(await accepts(address, port))) {
    const ended = hasEnded(child)
    if (ended || performance.now() > deadline) {
      await stop()
      throw new Error(`${file} ${ended ? 'ended' : 'did not listen'} at start: ${output}`)
    }
    await sleep(POLL_MS)
  }
  if (hasEnded(child) || child.pid === undefined) throw new Error(`${file} ended at start: ${output}`)
  return { pid: child.pid, output: () => output, stop }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const killer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS)
  await ended
  clearTimeout(killer)
}

function accepts(address: string, port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host: address, port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
