/** Metrics of the supervisor, and those of all workers as if they were one process. */
import { AggregatorRegistry, Counter, Gauge, Registry } from 'prom-client'
import { registerCounter } from '../observability/counters.ts'
import type { MetricsSnapshot } from './worker-messages.ts'
import type { Silence } from './worker-watch.ts'

/** What only grows: it must go on growing when the process that counted it has ended. */
const COUNTED = ['counter', 'histogram']

export class SupervisorMetrics {
  readonly #registry = new Registry()
  readonly #restarts = new Counter({
    name: 'torhaus_worker_restarts_total',
    help: 'Workers that ended by themselves and were replaced.',
    registers: [this.#registry],
  })
  readonly #reloads = new Counter({
    name: 'torhaus_config_reloads_total',
    help: 'Reloads of the configuration.',
    labelNames: ['outcome'],
    registers: [this.#registry],
  })
  readonly #lastReload = new Gauge({
    name: 'torhaus_config_last_reload_successful',
    help: '1 while the file that was read last is in force.',
    registers: [this.#registry],
  })
  readonly #killed = new Counter({
    name: 'torhaus_workers_killed_total',
    help: 'Workers that stood still and were replaced, by what they did not answer.',
    labelNames: ['silent'],
    registers: [this.#registry],
  })
  readonly #clockJumps = new Counter({
    name: 'torhaus_clock_jumps_total',
    help: 'Times that the clock of the system was set by 2 s or more.',
    registers: [this.#registry],
  })
  /** What workers that have ended had counted. */
  #ended: MetricsSnapshot = []
  #settling: Promise<void> = Promise.resolve()

  /** `workers`: how many take requests now. */
  constructor({ workers, failedLogWrites }: { workers: () => number; failedLogWrites: () => number }) {
    const help = 'Writes of the log that failed; their records are lost.'
    registerCounter(this.#registry, 'torhaus_log_writes_failed_total', help, failedLogWrites)
    this.#lastReload.set(1)
    new Gauge({
      name: 'torhaus_workers',
      help: 'Workers that take requests.',
      registers: [this.#registry],
      collect() {
        this.set(workers())
      },
    })
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  restarted(): void {
    this.#restarts.inc()
  }

  killed(silent: Silence): void {
    this.#killed.inc({ silent })
  }

  clockJumped(): void {
    this.#clockJumps.inc()
  }

  reloaded(succeeded: boolean): void {
    this.#reloads.inc({ outcome: succeeded ? 'success' : 'failure' })
    this.#lastReload.set(Number(succeeded))
  }

  /** Keeps what a worker had counted by its end. */
  keep(last: MetricsSnapshot | undefined): void {
    if (last === undefined) return
    const counted = last.filter(({ type }) => COUNTED.includes(String(type)))
    this.#settling = this.#settling.then(async () => {
      this.#ended = await sum([this.#ended, counted]).getMetricsAsJSON()
    })
  }

  /** All together, as text for Prometheus. */
  async text(snapshots: readonly MetricsSnapshot[]): Promise<string> {
    await this.#settling
    return sum([this.#ended, ...snapshots, await this.#registry.getMetricsAsJSON()]).metrics()
  }
}

/** As each metric says: sums mostly, averages where a sum makes no sense. */
const sum = (snapshots: readonly MetricsSnapshot[]): Registry => AggregatorRegistry.aggregate([...snapshots])
