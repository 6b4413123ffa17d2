/**
 * Metrics in the format that the scraper requests: Prometheus text, or OpenMetrics 1.0, the only one with exemplars.
 * prom-client writes both, but its aggregation drops the workers' exemplars, and repeats the suffix of counters in
 * OpenMetrics.
 */
import { type Metric, type OpenMetricsContentType, Registry } from 'prom-client'
import type { MetricsSnapshot } from './worker-messages.ts'

export interface Exposition {
  readonly contentType: string
  readonly text: string
}

const OPEN_METRICS = 'application/openmetrics-text'

/** `accept`: the scraper's field (RFC 9110 12.5.1). True if it names OpenMetrics, with at least the weight of text. */
export function wantsOpenMetrics(accept: string | undefined): boolean {
  const weights = new Map<string, number>()
  for (const range of accept?.split(',') ?? []) {
    const [type = '', ...parameters] = range
      .toLowerCase()
      .split(';')
      .map(part => part.trim())
    const weight = parameters.find(parameter => parameter.startsWith('q='))?.slice('q='.length) ?? '1'
    weights.set(type, Math.max(weights.get(type) ?? 0, Number(weight) || 0))
  }
  const liked = weights.get(OPEN_METRICS) ?? 0
  return liked > 0 && liked >= (weights.get('text/plain') ?? 0)
}

/** `together`: the sum of `parts`; each series gets its newest exemplar from them. */
export async function openMetrics(together: MetricsSnapshot, parts: readonly MetricsSnapshot[]): Promise<Exposition> {
  const exemplars = newestExemplars(parts)
  const registry = new Registry<OpenMetricsContentType>()
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
  for (const metric of together) {
    const described = {
      ...metric,
      name: String(metric.type) === 'counter' ? metric.name.replace(/_total$/, '') : metric.name,
      values: metric.values.map(value => ({ ...value, exemplar: exemplars.get(seriesOf(metric.name, value)) })),
    }
    registry.registerMetric({ ...described, get: async () => described } as unknown as Metric)
  }
  return { contentType: registry.contentType, text: await registry.metrics() }
}

type Value = MetricsSnapshot[number]['values'][number] & {
  readonly metricName?: string
  /** null in histograms without exemplars. */
  readonly exemplar?: { readonly timestamp: number } | null
}

const seriesOf = (name: string, { metricName, labels }: Value) => JSON.stringify([metricName ?? name, labels])

function newestExemplars(parts: readonly MetricsSnapshot[]): ReadonlyMap<string, Value['exemplar']> {
  const newest = new Map<string, Value['exemplar']>()
  for (const { name, values } of parts.flat())
    for (const value of values as Value[]) {
      const { exemplar } = value
      if (exemplar === undefined || exemplar === null) continue
      const series = seriesOf(name, value)
      if ((newest.get(series)?.timestamp ?? 0) < exemplar.timestamp) newest.set(series, exemplar)
    }
  return newest
}
