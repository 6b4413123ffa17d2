/**
 * Counters and histograms for what happens with every request: counting is a few additions, and what Prometheus wants
 * is made when it asks. prom-client's own hash their labels each time, which cost 2 us a request.
 */
import type { Metric, Registry } from 'prom-client'
import type { Clock } from '../clock.ts'
import type { PartialExchange } from '../exchange.ts'
import { type Exemplar, Exemplars } from './exemplars.ts'

interface Sample {
  readonly value: number
  readonly labels: Readonly<Record<string, string | number>>
  readonly metricName?: string
  readonly exemplar?: Exemplar
}

/** What a registry asks of its metrics; the class hierarchy of prom-client does not matter to it. */
interface Collected {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'histogram'
  readonly aggregator: 'sum'
  get(): Promise<Collected & { readonly values: readonly Sample[] }>
}

function register(
  registry: Registry,
  description: Pick<Collected, 'name' | 'help' | 'type'>,
  samples: () => Sample[],
): void {
  const metric: Collected = {
    ...description,
    aggregator: 'sum',
    get: async () => ({ ...metric, values: samples() }),
  }
  registry.registerMetric(metric as unknown as Metric)
}

/** A counter without labels whose value is kept elsewhere. */
export function registerCounter(registry: Registry, name: string, help: string, read: () => number): void {
  register(registry, { name, help, type: 'counter' }, () => [{ value: read(), labels: {} }])
}

/** A counter with labels, all from closed sets: the number of combinations is bounded by them. */
export class LabelledCounter<L extends string> {
  readonly #names: readonly L[]
  readonly #counts = new Map<string, { value: number; readonly labels: Record<string, string> }>()

  constructor(registry: Registry, name: string, help: string, labelNames: readonly L[]) {
    this.#names = labelNames
    register(registry, { name, help, type: 'counter' }, () => [...this.#counts.values()].map(count => ({ ...count })))
  }

  /** `labels`: values in the order of the names. */
  add(amount: number, ...labels: readonly string[]): void {
    const key = labels.length === 1 ? (labels[0] as string) : labels.join(' ')
    const count = this.#counts.get(key)
    if (count === undefined) this.#counts.set(key, { value: amount, labels: this.#named(labels) })
    else count.value += amount
  }

  /** All with that value of the first label. */
  forget(first: string): void {
    const [name] = this.#names
    if (name === undefined) return
    for (const [key, { labels }] of this.#counts) if (labels[name] === first) this.#counts.delete(key)
  }

  #named(values: readonly string[]): Record<string, string> {
    return Object.fromEntries(this.#names.map((name, index) => [name, values[index] ?? '']))
  }
}

/** Each bucket counts what is no greater than its bound and greater than the one before; the last one what is greater than all. */
class Buckets {
  readonly #bounds: readonly number[]
  readonly #counts: Float64Array
  readonly #exemplars: Exemplars | undefined
  #sum = 0

  constructor(bounds: readonly number[], now?: Clock) {
    this.#bounds = bounds
    this.#counts = new Float64Array(bounds.length + 1)
    this.#exemplars = now && new Exemplars(now)
  }

  observe(value: number, exchange?: PartialExchange, atMs = 0): void {
    this.#sum += value
    const found = this.#bounds.findIndex(bound => value <= bound)
    const bucket = found === -1 ? this.#bounds.length : found
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    if (exchange !== undefined) this.#exemplars?.offer(bucket, value, exchange, atMs)
  }

  samples(name: string, labels: Readonly<Record<string, string>>): Sample[] {
    let total = 0
    const buckets = [...this.#bounds, '+Inf'].map((bound, index): Sample => {
      total += this.#counts[index] ?? 0
      const exemplar = this.#exemplars?.of(index)
      return {
        metricName: `${name}_bucket`,
        labels: { ...labels, le: bound },
        value: total,
        ...(exemplar && { exemplar }),
      }
    })
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: this.#sum },
      { metricName: `${name}_count`, labels, value: total },
    ]
  }
}

export interface HistogramDescription {
  readonly name: string
  readonly help: string
  readonly bounds: readonly number[]
  /** Of dates: where buckets have exemplars. */
  readonly now?: Clock
}

/** A histogram without labels. */
export class Histogram {
  readonly #buckets: Buckets

  constructor(registry: Registry, { name, help, bounds, now }: HistogramDescription) {
    this.#buckets = new Buckets(bounds, now)
    register(registry, { name, help, type: 'histogram' }, () => this.#buckets.samples(name, {}))
  }

  /** `exchange`, which was over at `atMs` (monotonic), may become the exemplar of its bucket. */
  observe(value: number, exchange?: PartialExchange, atMs?: number): void {
    this.#buckets.observe(value, exchange, atMs)
  }
}

/** A histogram for each value of one label, which come from a closed set. */
export class LabelledHistogram {
  readonly #description: HistogramDescription
  readonly #byValue = new Map<string, Buckets>()

  constructor(registry: Registry, description: HistogramDescription, label: string) {
    this.#description = description
    const { name, help } = description
    register(registry, { name, help, type: 'histogram' }, () =>
      [...this.#byValue].flatMap(([value, buckets]) => buckets.samples(name, { [label]: value })),
    )
  }

  /** As that of `Histogram`. */
  observe(labelValue: string, value: number, exchange?: PartialExchange, atMs?: number): void {
    let buckets = this.#byValue.get(labelValue)
    if (buckets === undefined) {
      buckets = new Buckets(this.#description.bounds, this.#description.now)
      this.#byValue.set(labelValue, buckets)
    }
    buckets.observe(value, exchange, atMs)
  }
  forget(labelValue: string): void {
    this.#byValue.delete(labelValue)
  }
}
