/** One instance: a supervisor with two workers, that can be stopped, killed and started again on its ports. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { endAtExit } from '../demo/at-exit.ts'
import { metricAt } from '../torhaus/metric-at.ts'

const PROGRAM = resolve(import.meta.dirname, '../../src/main.ts')
const READY_MS = 60_000

export class Instance {
  readonly configFile: string
  readonly port: number
  readonly adminPort: number
  readonly #logFile: string
  readonly #environment: NodeJS.ProcessEnv
  #process: ChildProcess | undefined

  /** `environment`: variables beside those of this process. */
  constructor(
    configFile: string,
    port: number,
    adminPort: number,
    logFile: string,
    environment: NodeJS.ProcessEnv = {},
  ) {
    this.configFile = configFile
    this.port = port
    this.adminPort = adminPort
    this.#logFile = logFile
    this.#environment = environment
  }

  /** Resolves when it is ready. */
  async start(): Promise<void> {
    const log = openSync(this.#logFile, 'a')
    const { PORT: _, ADMIN_PORT: __, HTTP_PLATFORM_PORT: ___, ...env } = process.env
    const child = spawn(process.execPath, [PROGRAM, '--config', this.configFile], {
      stdio: ['ignore', log, log],
      // Whoever is killed leaves its sockets there; they go with the folder.
      env: { ...env, RUNTIME_DIRECTORY: dirname(this.configFile), ...this.#environment },
    })
    this.#process = child
    // Another may run by the time that this end is heard of.
    endAtExit(child, 'SIGKILL', () => this.#process === child && this.killAll())
    closeSync(log)
    for (const deadline = Date.now() + READY_MS; ; await sleep(50)) {
      if (await this.isReady()) return
      if (this.#hasEnded || Date.now() > deadline)
        throw new Error(`an instance does not start; its log: ${this.#logFile}`)
    }
  }

  async isReady(): Promise<boolean> {
    const response = await fetch(`http://127.0.0.1:${this.adminPort}/readyz`).catch(() => undefined)
    return response?.status === 200
  }

  metric(name: string): Promise<number> {
    return metricAt(`http://127.0.0.1:${this.adminPort}`, name)
  }

  workers(): number[] {
    const { pid } = this.#process ?? {}
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
  }

  signal(name: NodeJS.Signals): void {
    this.#process?.kill(name)
  }

  /** SIGTERM, and its end. */
  async stop(): Promise<void> {
    if (this.#hasEnded || this.#process === undefined) return
    const ended = once(this.#process, 'exit')
    this.signal('SIGTERM')
    await ended
  }

  /** Supervisor and workers at once, as when the machine goes. */
  killAll(): void {
    if (this.#hasEnded) return
    const workers = this.workers()
    this.signal('SIGKILL')
    for (const pid of workers) process.kill(pid, 'SIGKILL')
  }

  get #hasEnded(): boolean {
    return this.#process === undefined || this.#process.exitCode !== null || this.#process.signalCode !== null
  }
}
