/**
 * Detects workers that hang: stopped, in an endless loop, waiting for a disk, or unable to accept. Each is asked in
 * two ways every round: over the channel between the processes, which needs its event loop, and with a real request,
 * which it must accept and answer. Rounds are counted rather than time, so that a pause of the whole machine costs one
 * round at most.
 */
import type { WorkerProcess } from './worker-process.ts'

export type Silence = 'heartbeat' | 'request'

export interface WorkerWatchParts {
  /** Workers that should answer now. */
  readonly workers: () => Iterable<WorkerProcess>
  /** Called once per worker. */
  readonly onHung: (worker: WorkerProcess, silence: Silence) => void
  /** After each round. `isAlive`: see below. */
  readonly onRound: (isAlive: boolean) => void
}

const ROUND_MS = 2500
/** 10 s: several times longer than SQLite waits for another writer, or a garbage collection takes. */
const MAX_MISSED = 4
/** A starting worker opens stores and libraries first. */
const MAX_MISSED_STARTING = 24
/** Rounds without any answer before the service counts as dead: longer than replacing a hung worker takes. */
const MAX_ROUNDS_WITHOUT_ANSWER = 12

export class WorkerWatch {
  readonly #parts: WorkerWatchParts
  readonly #missed = new WeakMap<WorkerProcess, Record<Silence, number>>()
  readonly #hung = new WeakSet<WorkerProcess>()
  #withoutAnswer = 0
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(parts: WorkerWatchParts) {
    this.#parts = parts
  }

  /** Whether workers answer, or may still be starting; if false, only a restart of the service helps. */
  get isAlive(): boolean {
    return this.#withoutAnswer < MAX_ROUNDS_WITHOUT_ANSWER
  }

  start(): void {
    this.#timer = setTimeout(() => void this.#round(), ROUND_MS).unref()
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }

  async #round(): Promise<void> {
    this.start()
    const answers = await Promise.all([...this.#parts.workers()].map(worker => this.#check(worker)))
    if (this.#isClosed) return
    this.#withoutAnswer = answers.includes(true) ? 0 : this.#withoutAnswer + 1
    this.#parts.onRound(this.isAlive)
  }

  async #check(worker: WorkerProcess): Promise<boolean> {
    const wasListening = worker.isListening
    const [report, isSilent] = await Promise.all([worker.report(ROUND_MS), worker.isUnresponsive(ROUND_MS)])
    const missed = this.#missed.get(worker) ?? { heartbeat: 0, request: 0 }
    this.#missed.set(worker, missed)
    missed.heartbeat = report === undefined ? missed.heartbeat + 1 : 0
    missed.request = isSilent ? missed.request + 1 : 0
    const most = wasListening ? MAX_MISSED : MAX_MISSED_STARTING
    if (Math.max(missed.heartbeat, missed.request) >= most && !this.#hung.has(worker) && !this.#isClosed) {
      this.#hung.add(worker)
      this.#parts.onHung(worker, missed.heartbeat >= most ? 'heartbeat' : 'request')
    }
    return report !== undefined && !isSilent
  }
}
