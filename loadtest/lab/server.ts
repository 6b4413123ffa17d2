/**
 * A server program as a child: pinned, awaited until it accepts connections, ended by its pid whatever happens to us.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, truncateSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { atExit } from '../../devkit/demo/at-exit.ts'
import { type Place, pinned } from './cores.ts'
import { failureRecordsIn } from './failure-records.ts'

const START_TIMEOUT_MS = 20_000
const POLL_MS = 20
/** What SIGTERM is given before SIGKILL. */
const STOP_GRACE_MS = 4000
const SHOWN_OUTPUT_CHARACTERS = 2000

export interface ServerOptions {
  readonly place: Place
  readonly port: number
  /** Both outputs are appended to this file. */
  readonly outputFile: string
  readonly env?: NodeJS.ProcessEnv
}

export interface Server {
  readonly pid: number
  /** Empties the file of its outputs: the log of a long load would fill the disk. */
  forgetOutput(): void
  /** See `failureRecordsIn`, of its outputs. */
  failureRecords(): string[]
  stop(): Promise<void>
}

/**
 * Resolves once 127.0.0.1:port accepts connections.
 * @throws where the program ends before, or does not listen in time, with the end of its output.
 */
export async function startServer(command: readonly string[], options: ServerOptions): Promise<Server> {
  const { place, port, outputFile, env = process.env } = options
  const [program = '', ...args] = pinned(place, command)
  const output = openSync(outputFile, 'a', 0o600)
  // A process group of its own: Ctrl-C in the terminal is for the runner, which then stops everything in order.
  const child = spawn(program, args, { env, stdio: ['ignore', output, output], detached: true })
  closeSync(output)
  child.once(
    'exit',
    atExit(() => killGroup(child), `kill -s KILL -- -${child.pid}`),
  )
  const stop = () => endChild(child)
  await once(child, 'spawn')
  const deadline = performance.now() + START_TIMEOUT_MS
  while (!(await accepts(port))) {
    if (hasEnded(child) || performance.now() > deadline) {
      await stop()
      const words = readFileSync(outputFile, 'utf8').slice(-SHOWN_OUTPUT_CHARACTERS)
      throw new Error(`${command[0]} does not listen on port ${port}: ${words}`)
    }
    await sleep(POLL_MS)
  }
  if (child.pid === undefined) throw new Error(`${command[0]} has no process`)
  return {
    ...{ pid: child.pid, stop },
    forgetOutput: () => truncateSync(outputFile),
    failureRecords: () => failureRecordsIn(readFileSync(outputFile, 'latin1')),
  }
}

const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null

async function endChild(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const killer = setTimeout(() => killGroup(child), STOP_GRACE_MS)
  await ended
  clearTimeout(killer)
}

/** With its workers. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || hasEnded(child)) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
