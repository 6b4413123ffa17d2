/** Real redis-server processes on loopback, in a directory of their own; ended by their pid. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { endAtExit } from '../demo/at-exit.ts'
import { temporaryFolder } from '../demo/temporary-folder.ts'
import { freePort } from '../torhaus/free-port.ts'

const run = promisify(execFile)

export interface RedisProcess {
  readonly port: number
  readonly url: string
  readonly directory: string
  /** One command through redis-cli; what it prints. */
  cli(...args: string[]): Promise<string>
  /** SIGSTOP: connections stay, answers do not come. */
  pause(): void
  resume(): void
  /** SIGKILL. */
  kill(): Promise<void>
  /** Again on the same port and directory, after `kill`. */
  start(): Promise<void>
  /** Kills it and removes its files. */
  close(): Promise<void>
}

export interface RedisOptions {
  /** Lines of the configuration file. */
  readonly lines?: readonly string[]
  readonly isSentinel?: boolean
  /** Arguments of redis-cli, e.g. to sign in. */
  readonly cliArgs?: readonly string[]
  readonly port?: number
  readonly directory?: string
}

const ATTEMPT_MS = 25
const START_TIMEOUT_MS = 60_000

export async function startRedis(options: RedisOptions = {}): Promise<RedisProcess> {
  const { lines = [], isSentinel = false, cliArgs = [] } = options
  const port = options.port ?? (await freePort())
  const { directory, remove } = await temporaryFolder('torhaus-redis-', options.directory)
  const file = join(directory, 'redis.conf')
  const memoryOnly = isSentinel ? [] : ['save ""', 'appendonly no']
  const base = ['bind 127.0.0.1', `port ${port}`, `dir ${directory}`, ...memoryOnly, 'daemonize no']
  await writeFile(file, `${[...base, ...lines].join('\n')}\n`)
  let child: ReturnType<typeof spawn> | undefined
  const cli = async (...args: string[]) => {
    const all = ['-h', '127.0.0.1', ...(cliArgs.includes('-p') ? [] : ['-p', String(port)]), ...cliArgs, ...args]
    return (await run('redis-cli', all, { timeout: 60_000 })).stdout.trim()
  }
  const signal = (name: NodeJS.Signals) => {
    if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) process.kill(child.pid, name)
  }
  const kill = async () => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    signal('SIGKILL')
    await ended
  }
  const start = async () => {
    const started = spawn('redis-server', [file, ...(isSentinel ? ['--sentinel'] : [])], { stdio: 'ignore' })
    child = started
    // Where there is no such program, nothing ends either.
    await once(started, 'spawn').catch((error: unknown) => {
      child = undefined
      throw error
    })
    // Another may run by the time that this end is heard of.
    endAtExit(started, 'SIGKILL')
    for (const deadline = performance.now() + START_TIMEOUT_MS; ; ) {
      const answer = await cli('PING').catch(() => '')
      if (answer.includes('PONG') || answer.includes('NOAUTH')) return
      if (performance.now() > deadline) throw new Error(`redis-server does not answer on port ${port}: ${answer}`)
      await sleep(ATTEMPT_MS)
    }
  }
  const close = async () => {
    await kill()
    remove()
    await rm(directory, { recursive: true, force: true })
  }
  await start().catch(async (error: unknown) => {
    await close()
    throw error
  })
  return {
    ...{ port, directory, cli, kill, start, close },
    url: `redis://127.0.0.1:${port}`,
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
  }
}
