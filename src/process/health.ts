/** Detects hanging workers and clock jumps, and reports to workers, systemd, log and metrics. */
import type { Logger } from 'pino'
import type { Surroundings } from '../clock.ts'
import { ClockWatch } from './clock-watch.ts'
import { openRuntimeDirectory, type RuntimeDirectory } from './runtime-directory.ts'
import { ServiceManager } from './service-manager.ts'
import type { SupervisorMetrics } from './supervisor-metrics.ts'
import type { Generation } from './worker-generation.ts'
import type { WorkerProcess } from './worker-process.ts'
import { type Silence, WorkerWatch } from './worker-watch.ts'

export interface HealthParts {
  readonly surroundings: Surroundings
  readonly log: Logger
  readonly metrics: SupervisorMetrics
  /** Generations whose workers serve or are starting; draining ones have a deadline anyway. */
  readonly generations: () => readonly Generation[]
}

export class Health {
  readonly #parts: HealthParts
  readonly #manager: ServiceManager
  readonly #clock: ClockWatch
  readonly #runtime: RuntimeDirectory | undefined
  readonly #watch: WorkerWatch

  constructor(parts: HealthParts) {
    this.#parts = parts
    const { environment, monotonic, now } = parts.surroundings
    this.#clock = new ClockWatch(now, monotonic)
    this.#manager = new ServiceManager(environment, monotonic, error => this.#warn('service-manager', error))
    this.#runtime = this.#openRuntimeDirectory(environment)
    this.#watch = new WorkerWatch({
      workers: () => parts.generations().flatMap(({ workers }) => [...workers]),
      onHung: (worker, silence) => this.#onHung(worker, silence),
      onRound: isAlive => this.#onRound(isAlive),
    })
  }

  /** False: no worker has answered for so long that only a restart of the service can help. */
  get isAlive(): boolean {
    return this.#watch.isAlive
  }

  /** The path of the next worker's socket for health checks. */
  newEntrance(): string | undefined {
    try {
      return this.#runtime?.next()
    } catch (error) {
      this.#warn('runtime-directory', error as Error)
      return undefined
    }
  }

  start(): void {
    this.#watch.start()
    this.#manager.ready()
  }

  stopping(): void {
    this.#manager.stopping()
  }

  close(): void {
    this.#watch.close()
    this.#runtime?.close()
  }

  #onRound(isAlive: boolean): void {
    const { log, metrics } = this.#parts
    if (isAlive) this.#manager.alive()
    else log.error({ 'event.action': 'workers-silent' })
    const jumpMs = this.#clock.jump()
    if (jumpMs === undefined) return
    metrics.clockJumped()
    log.warn({ 'event.action': 'clock-jumped', 'torhaus.clock_jump_ms': jumpMs })
  }

  #onHung(worker: WorkerProcess, silent: Silence): void {
    const { log, metrics, generations } = this.#parts
    log.error({ 'event.action': 'worker-hung', 'torhaus.worker': worker.pid, 'torhaus.silent': silent })
    metrics.killed(silent)
    generations()
      .find(({ workers }) => workers.has(worker))
      ?.replace(worker)
  }

  /** Without it, e.g. without a writable folder, only the channel between the processes is watched. */
  #openRuntimeDirectory(environment: NodeJS.ProcessEnv): RuntimeDirectory | undefined {
    try {
      return openRuntimeDirectory(environment)
    } catch (error) {
      this.#warn('runtime-directory', error as Error)
      return undefined
    }
  }

  #warn(action: string, { message }: Error): void {
    this.#parts.log.warn({ 'event.action': action, 'error.message': message })
  }
}
