/**
 * The workers of one configuration: all alike, each replaced when it dies.
 *
 *   starting --> all listen: current --> drain() or kill(): ending --> the last worker has ended: over
 *      |                      |    ^
 *      |                      |    +-- a worker has died: replaced, after a pause that doubles up to MAX_PAUSE_MS
 *      +-- one fails: those that do not listen are ended, and start() rejects; the caller drains the others
 *
 * While it ends, no worker is replaced; those that do not end in time are killed.
 */
import type { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../../config/schema.ts'
import type { Surroundings } from '../clock.ts'
import type { ChangeMessage } from '../store/change-message.ts'
import { failureInWords } from './failure-in-words.ts'
import { WorkerProcess } from './worker-process.ts'

export interface GenerationEvents {
  readonly onChange: (worker: WorkerProcess, change: ChangeMessage) => void
  /** A worker has ended. `restartInMs`: when it is replaced; undefined if it is not. */
  readonly onEnd: (worker: WorkerProcess, restartInMs: number | undefined) => void
  /** A replacement worker failed to start. */
  readonly onFailed: (error: Error) => void
  /** The path of the next worker's socket for health checks. */
  readonly newEntrance: () => string | undefined
  /** Endings that the next worker must know before it serves requests. */
  readonly told: () => readonly ChangeMessage[]
}

type GenerationSurroundings = Pick<Surroundings, 'monotonic' | 'environment'>

const FIRST_PAUSE_MS = 250
const MAX_PAUSE_MS = 10_000
/** After this long, a worker counts as having started well, and the next pause is short again. */
const STEADY_MS = 60_000
/** How long after the configured times a worker that has not ended is killed. */
const PATIENCE_MS = 5000
/** After SIGKILL, a process ends within this time or not at all. */
const KILL_MS = 3000

export class Generation {
  readonly config: Config
  readonly workers = new Set<WorkerProcess>()
  readonly #output: Writable
  readonly #events: GenerationEvents
  readonly #surroundings: GenerationSurroundings
  #failures = 0
  #isCurrent = true
  readonly #over = new AbortController()

  constructor(config: Config, output: Writable, events: GenerationEvents, surroundings: GenerationSurroundings) {
    this.config = config
    this.#output = output
    this.#events = events
    this.#surroundings = surroundings
  }

  /**
   * Starts `count` workers; resolves to their port once all listen. Rejects if one cannot; then only those that listen
   * are left: they may have accepted requests, and the caller drains or kills them.
   */
  async start(count: number): Promise<number> {
    try {
      const workers = Array.from({ length: count }, () => this.#fork())
      const [port = 0] = await Promise.all(workers.map(({ listening }) => listening))
      return port
    } catch (error) {
      const idle = [...this.workers].filter(({ isListening }) => !isListening)
      await this.#end(idle, worker => worker.kill(false), 0)
      throw error
    }
  }

  get listeningCount(): number {
    return [...this.workers].filter(({ isListening }) => isListening).length
  }

  /** Lets requests in flight finish; resolves when all workers have ended. `listens`: see `ProxyServer.drain`. */
  drain(delayMs: number, listens: boolean): Promise<void> {
    return this.#end(
      [...this.workers],
      worker => worker.drain(delayMs, listens),
      delayMs + this.config.listener.drainTimeoutMs,
    )
  }

  /** Stops all of them immediately. */
  kill(): Promise<void> {
    return this.#end([...this.workers], worker => worker.kill(false), 0)
  }

  /**
   * Kills and replaces a hanging worker. It is replaced even if the system cannot end it, as with a process that waits
   * for a disk.
   */
  replace(worker: WorkerProcess): void {
    worker.kill(true)
    setTimeout(() => this.#onEnd(worker, Number.NEGATIVE_INFINITY), KILL_MS).unref()
  }

  async #end(
    workers: readonly WorkerProcess[],
    order: (worker: WorkerProcess) => void,
    withinMs: number,
  ): Promise<void> {
    this.#isCurrent = false
    this.#over.abort()
    workers.forEach(order)
    const killAll = () => {
      for (const worker of workers) worker.kill(true)
    }
    const timer = setTimeout(killAll, withinMs + PATIENCE_MS)
    await Promise.all(workers.map(({ ended }) => ended))
    clearTimeout(timer)
  }

  #fork(): WorkerProcess {
    const { onChange, newEntrance, told } = this.#events
    const startedAtMs = this.#surroundings.monotonic()
    const events = { onChange, onEnd: (ended: WorkerProcess) => this.#onEnd(ended, startedAtMs) }
    const { environment } = this.#surroundings
    const worker = new WorkerProcess(this.config, this.#output, events, environment, newEntrance(), told())
    this.workers.add(worker)
    return worker
  }

  #onEnd(worker: WorkerProcess, startedAtMs: number): void {
    // One that could not be killed has been replaced already.
    if (!this.workers.delete(worker)) return
    if (!this.#isCurrent) return this.#events.onEnd(worker, undefined)
    this.#failures = this.#surroundings.monotonic() - startedAtMs > STEADY_MS ? 1 : this.#failures + 1
    const pauseMs = this.#pauseMs()
    this.#events.onEnd(worker, pauseMs)
    void this.#replace(pauseMs)
  }

  /** None after the first failure: a single crash should cost as little as possible. */
  #pauseMs(): number {
    return this.#failures === 1 ? 0 : Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#failures - 2))
  }

  async #replace(pauseMs: number): Promise<void> {
    await sleep(pauseMs, undefined, { signal: this.#over.signal, ref: false }).catch(() => undefined)
    if (!this.#isCurrent) return
    try {
      await this.#fork().listening.catch(this.#events.onFailed)
    } catch (error) {
      // No process was created, so there will be no end event (ENOMEM).
      this.#events.onFailed(new Error(`a worker could not be started: ${failureInWords(error)}`))
      this.#failures++
      return this.#replace(this.#pauseMs())
    }
  }
}
