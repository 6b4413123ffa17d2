/** Metrics of the supervisor, and those of all workers, added up as if they were one process. */
import { AggregatorRegistry, Counter, Gauge, Registry } from 'prom-client'
import type { Config } from '../../config/schema.ts'
import { BoundedMap } from '../bounded-map.ts'
import { observeLogWrites } from '../observability/log-write-metrics.ts'
import { MAX_KDCS } from '../observability/metrics.ts'
import { torhausVersion } from '../torhaus-version.ts'
import { observeCertificates, observeRevocationLists } from './certificate-metrics.ts'
import { type Exposition, openMetrics, wantsOpenMetrics } from './open-metrics.ts'
import type { MetricsSnapshot } from './worker-messages.ts'
import { isOfOneWorker, type WorkerState, workerMetrics } from './worker-metrics.ts'
import type { Silence } from './worker-watch.ts'

/** Types that must not decrease when the process that counted has ended. */
const COUNTED = ['counter', 'histogram']

export interface SupervisorMetricsParts {
  /** The configuration in force. */
  readonly config: () => Config
  /** How many workers accept requests, and how many should. */
  readonly workers: () => number
  readonly workersWanted: () => number
  readonly failedLogWrites: () => number
  readonly startedAtMs: number
}

export class SupervisorMetrics {
  readonly #registry = new Registry()
  readonly #restarts = new Counter({
    name: 'torhaus_worker_restarts_total',
    help: 'Workers that exited unexpectedly and were replaced.',
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
    help: '1 while the configuration read last is in force.',
    registers: [this.#registry],
  })
  readonly #killed = new Counter({
    name: 'torhaus_workers_killed_total',
    help: 'Workers that hung and were replaced, by what they did not answer.',
    labelNames: ['silent'],
    registers: [this.#registry],
  })
  readonly #clockJumps = new Counter({
    name: 'torhaus_clock_jumps_total',
    help: 'How often the system clock was set by 2 s or more.',
    registers: [this.#registry],
  })
  readonly #adminRefused = new Counter({
    name: 'torhaus_admin_refused_total',
    help: 'Requests to the admin listener with a wrong credential.',
    registers: [this.#registry],
  })
  /** The sums of workers that have ended. */
  #ended: MetricsSnapshot = []
  #settling: Promise<void> = Promise.resolve()
  /** KDCs in these sums: the latest ones that ended workers knew. */
  readonly #kdcs = new BoundedMap<string, undefined>(MAX_KDCS)

  constructor(parts: SupervisorMetricsParts) {
    const { config, workers, workersWanted, failedLogWrites, startedAtMs } = parts
    observeLogWrites(this.#registry, failedLogWrites)
    this.#lastReload.set(1)
    // Initialized to 0: a series that begins with its first event shows no increase.
    for (const silent of ['heartbeat', 'request'] satisfies Silence[]) this.#killed.inc({ silent }, 0)
    for (const outcome of ['success', 'failure']) this.#reloads.inc({ outcome }, 0)
    this.#gauge('torhaus_workers', 'Workers that take requests.', workers)
    this.#gauge('torhaus_workers_wanted', 'Workers that should take requests.', workersWanted)
    this.#gauge('process_start_time_seconds', 'When the supervisor was started.', () => startedAtMs / 1000)
    new Gauge({
      name: 'torhaus_build_info',
      help: 'Always 1; the labels have the versions.',
      labelNames: ['version', 'node'],
      registers: [this.#registry],
    }).set({ version: torhausVersion, node: process.versions.node }, 1)
    observeCertificates(this.#registry, config)
    observeRevocationLists(this.#registry, config)
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

  adminRefused(): void {
    this.#adminRefused.inc()
  }

  reloaded(succeeded: boolean): void {
    this.#reloads.inc({ outcome: succeeded ? 'success' : 'failure' })
    this.#lastReload.set(Number(succeeded))
  }

  /** Keeps the final counts of a worker that has ended. */
  keep(last: MetricsSnapshot | undefined): void {
    if (last === undefined) return
    const counted = last.filter(metric => COUNTED.includes(String(metric.type)) && !isOfOneWorker(metric))
    this.#settling = this.#settling.then(async () => {
      this.#ended = await sum([this.#ended, counted]).getMetricsAsJSON()
      for (const kdc of kdcsIn(counted)) this.#forgetKdc(this.#kdcs.set(kdc, undefined)?.[0])
    })
  }

  #forgetKdc(gone: string | undefined): void {
    if (gone === undefined) return
    this.#ended = this.#ended.map(metric => ({
      ...metric,
      values: metric.values.filter(({ labels }) => labels.kdc !== gone),
    }))
  }

  /** The sum of all metrics, in the format that `accept` requests. */
  async exposition(workers: readonly WorkerState[], accept: string | undefined): Promise<Exposition> {
    const together = await this.#together(workers)
    if (!wantsOpenMetrics(accept)) return { contentType: together.contentType, text: await together.metrics() }
    return openMetrics(
      await together.getMetricsAsJSON(),
      workers.map(({ metrics }) => metrics),
    )
  }

  /** The same as a snapshot. */
  async snapshot(workers: readonly WorkerState[]): Promise<MetricsSnapshot> {
    return (await this.#together(workers)).getMetricsAsJSON()
  }

  async #together(workers: readonly WorkerState[]): Promise<Registry> {
    await this.#settling
    const together = workers.map(({ metrics }) => metrics.filter(metric => !isOfOneWorker(metric)))
    const own = [await this.#registry.getMetricsAsJSON(), await workerMetrics(workers)]
    return sum([this.#ended, ...together, ...own])
  }

  #gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      ...{ name, help },
      registers: [this.#registry],
      collect() {
        this.set(read())
      },
    })
  }
}

/** Aggregates as each metric declares: mostly the sum; the maximum or minimum where a sum makes no sense. */
const sum = (snapshots: readonly MetricsSnapshot[]): Registry => AggregatorRegistry.aggregate([...snapshots])

const kdcsIn = (snapshot: MetricsSnapshot): Set<string> =>
  new Set(snapshot.flatMap(({ values }) => values.flatMap(({ labels }) => (labels.kdc ? String(labels.kdc) : []))))
