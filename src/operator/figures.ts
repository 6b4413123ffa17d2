/** Numbers out of metrics: what was counted between two readings, and how long things took. */
import type { MetricObjectWithValues, MetricValue } from 'prom-client'

/** Metrics of all processes together, as prom-client hands them over. */
export type Snapshot = readonly MetricObjectWithValues<MetricValue<string>>[]

export type Labels = Readonly<Partial<Record<string, string | number>>>
type Sample = { readonly value: number; readonly labels: Labels; readonly metricName?: string }

const samplesOf = (snapshot: Snapshot, name: string): readonly Sample[] =>
  (snapshot.find(metric => metric.name === name)?.values ?? []) as readonly Sample[]

export const has = (snapshot: Snapshot, name: string): boolean => samplesOf(snapshot, name).length > 0

/** All samples of a counter or a gauge that fit, added up. */
export const sum = (snapshot: Snapshot, name: string, fits: (labels: Labels) => boolean = () => true): number =>
  samplesOf(snapshot, name).reduce((total, { value, labels }) => (fits(labels) ? total + value : total), 0)

/** The values that a label has, each once. */
export const valuesOf = (snapshot: Snapshot, name: string, label: string): readonly string[] => [
  ...new Set(samplesOf(snapshot, name).map(({ labels }) => String(labels[label] ?? ''))),
]

/** Counted from `before` to `after`. What a worker had counted is gone for a moment when it ends: never negative. */
export class Growth {
  readonly after: Snapshot
  readonly #before: Snapshot

  constructor(before: Snapshot, after: Snapshot) {
    this.#before = before
    this.after = after
  }

  count(name: string, fits?: (labels: Labels) => boolean): number {
    return Math.max(0, sum(this.after, name, fits) - sum(this.#before, name, fits))
  }

  /**
   * The value, in the unit of the histogram, that `share` of what was observed stays below: between the bounds of its
   * bucket as if spread evenly there, as Prometheus does it (`histogram_quantile`). Undefined: nothing was observed.
   */
  quantile(share: number, name: string, fits?: (labels: Labels) => boolean): number | undefined {
    const counts = this.#buckets(name, fits)
    const all = counts.at(-1)?.count ?? 0
    if (all === 0) return undefined
    const wanted = share * all
    let [lower, below] = [0, 0]
    for (const { bound, count } of counts) {
      if (count >= wanted)
        return bound === Number.POSITIVE_INFINITY
          ? lower
          : lower + ((bound - lower) * (wanted - below)) / Math.max(1, count - below)
      ;[lower, below] = [bound, count]
    }
    return lower
  }

  /** By their bounds, each with what is below it. */
  #buckets(name: string, fits: (labels: Labels) => boolean = () => true) {
    const counts = new Map<number, number>()
    const add = (snapshot: Snapshot, sign: 1 | -1) => {
      for (const { value, labels, metricName } of samplesOf(snapshot, name)) {
        if (metricName !== `${name}_bucket` || !fits(labels)) continue
        const bound = labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le)
        counts.set(bound, (counts.get(bound) ?? 0) + sign * value)
      }
    }
    add(this.after, 1)
    add(this.#before, -1)
    return [...counts].map(([bound, count]) => ({ bound, count })).sort((one, other) => one.bound - other.bound)
  }
}
