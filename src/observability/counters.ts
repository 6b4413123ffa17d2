/**
 * Counters and histograms for what happens with every request: counting is a few additions, and what Prometheus wants
 * is made when it asks. prom-client's own hash their labels each time, which cost 2 us a request.
 */
import type { Metric, Registry } from 'prom-client'

interface Sample {
  readonly value: number
  readonly labels: Readonly<Record<string, string | number>>
  readonly metricName?: string
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

/** A counter without labels that somebody else keeps. */
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

  #named(values: readonly string[]): Record<string, string> {
    return Object.fromEntries(this.#names.map((name, index) => [name, values[index] ?? '']))
  }
}

/** Each bucket counts what is no greater than its bound and greater than the one before. */
class Buckets {
  readonly #bounds: readonly number[]
  readonly #counts: Float64Array
  #sum = 0
  #total = 0

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.#counts = new Float64Array(bounds.length)
  }

  observe(value: number): void {
    this.#sum += value
    this.#total++
    const bucket = this.#bounds.findIndex(bound => value <= bound)
    if (bucket !== -1) this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
  }

  samples(name: string, labels: Readonly<Record<string, string>>): Sample[] {
    let below = 0
    const buckets = this.#bounds.map((bound, index) => {
      below += this.#counts[index] ?? 0
      return { metricName: `${name}_bucket`, labels: { ...labels, le: bound }, value: below }
    })
    return [
      ...buckets,
      { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: this.#total },
      { metricName: `${name}_sum`, labels, value: this.#sum },
      { metricName: `${name}_count`, labels, value: this.#total },
    ]
  }
}

/** A histogram without labels. */
export class Histogram {
  readonly #buckets: Buckets

  constructor(registry: Registry, name: string, help: string, bounds: readonly number[]) {
    this.#buckets = new Buckets(bounds)
    register(registry, { name, help, type: 'histogram' }, () => this.#buckets.samples(name, {}))
  }

  observe(value: number): void {
    this.#buckets.observe(value)
  }
}

/** A histogram for each value of one label, which come from a closed set. */
export class LabelledHistogram {
  readonly #bounds: readonly number[]
  readonly #byValue = new Map<string, Buckets>()

  constructor(registry: Registry, name: string, help: string, label: string, bounds: readonly number[]) {
    this.#bounds = bounds
    register(registry, { name, help, type: 'histogram' }, () =>
      [...this.#byValue].flatMap(([value, buckets]) => buckets.samples(name, { [label]: value })),
    )
  }

  observe(value: number, labelValue: string): void {
    let buckets = this.#byValue.get(labelValue)
    if (buckets === undefined) {
      buckets = new Buckets(this.#bounds)
      this.#byValue.set(labelValue, buckets)
    }
    buckets.observe(value)
  }
}
