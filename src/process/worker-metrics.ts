/**
 * Metrics per worker. Sums and averages hide one bad worker among many: fifteen event loops that are late by 10 ms and
 * one by a second average 72 ms.
 */
import { Counter, Gauge, Registry } from 'prom-client'
import type { MetricsSnapshot } from './worker-messages.ts'

export interface WorkerState {
  readonly pid: number | undefined
  /** Whether these metrics are current; otherwise they are those reported before. */
  readonly isAnswering: boolean
  readonly metrics: MetricsSnapshot
}

type Metric = MetricsSnapshot[number]
type Labels = Readonly<Record<string, string>>
type Add = (name: string, help: string, value: number, labels?: Labels) => void

const OF_ONE = /^torhaus_worker_/

/** Metrics of all workers that are also shown per worker. */
const COPIED: Readonly<Record<string, string>> = {
  process_cpu_seconds_total: 'torhaus_worker_cpu_seconds_total',
  process_resident_memory_bytes: 'torhaus_worker_resident_memory_bytes',
  process_open_fds: 'torhaus_worker_open_fds',
  process_max_fds: 'torhaus_worker_max_fds',
}

/** Metrics of one process, which make no sense as a sum. */
export const isOfOneWorker = ({ name }: Pick<Metric, 'name'>): boolean => OF_ONE.test(name)

/** The label `worker` is the process id, as in the log: there are as many series as workers. */
export function workerMetrics(workers: readonly WorkerState[]): Promise<MetricsSnapshot> {
  const registry = new Registry()
  const known = new Map<string, Counter | Gauge>()
  for (const { pid, isAnswering, metrics } of workers) {
    const add: Add = (name, help, value, labels = {}) => {
      const metric = known.get(name) ?? newMetric(registry, name, help, Object.keys(labels))
      known.set(name, metric)
      metric.inc({ worker: String(pid), ...labels }, value)
    }
    add(
      'torhaus_worker_answering',
      '1 while the worker answers; else what is said of it is older.',
      Number(isAnswering),
    )
    for (const metric of metrics) addOf(metric, add)
  }
  return registry.getMetricsAsJSON()
}

function newMetric(registry: Registry, name: string, help: string, labels: readonly string[]): Counter | Gauge {
  const description = { name, help, labelNames: ['worker', ...labels], registers: [registry] }
  return name.endsWith('_total') ? new Counter(description) : new Gauge(description)
}

function addOf(metric: Metric, add: Add): void {
  const { name, help, values } = metric
  const copied = COPIED[name] ?? (isOfOneWorker(metric) ? name : undefined)
  if (copied !== undefined) {
    for (const { value } of values) add(copied, help, value)
  } else if (name === 'torhaus_requests_total') {
    for (const { value, labels } of values)
      add('torhaus_worker_requests_total', 'Exchanges of the worker.', value, { outcome: String(labels.outcome) })
  } else if (name === 'torhaus_decision_duration_seconds') {
    // A histogram per worker would be many series; an average reveals a slow one.
    for (const value of values) {
      const part = 'metricName' in value ? value.metricName : undefined
      if (part === `${name}_sum`)
        add('torhaus_worker_decision_seconds_total', 'Time from request heads to decisions.', value.value)
      else if (part === `${name}_count`) add('torhaus_worker_decisions_total', 'Decisions of the worker.', value.value)
    }
  }
}
