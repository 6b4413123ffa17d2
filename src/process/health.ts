/**
 * What the supervisor does to notice that something stands still, and whom it tells: workers, systemd, log and metrics.
 */
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
  /** Whose workers serve, or start to; those that drain have a deadline. */
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

  /** False: none of the workers has answered for so long that only another start of everything can help. */
  get isAlive(): boolean {
    return this.#watch.isAlive
  }

  /** Where the next worker is asked whether it answers. */
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

  /** Without it, as on a machine with nothing to write to, the channel between the processes is all that is watched. */
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
