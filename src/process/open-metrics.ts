/**
 * Metrics in the form that a scraper asks for: the text of Prometheus, or OpenMetrics 1.0, which alone has exemplars.
 * prom-client writes both; adding up drops the exemplars of the workers, and names counters of a sum twice in the latter.
 */
import { type Metric, type OpenMetricsContentType, Registry } from 'prom-client'
import type { MetricsSnapshot } from './worker-messages.ts'

export interface Exposition {
  readonly contentType: string
  readonly text: string
}

const OPEN_METRICS = 'application/openmetrics-text'

/** `accept`: the field of the scraper (RFC 9110 12.5.1). The text of Prometheus, unless it names the other, and likes it as much. */
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

/** `together`: the sum of `parts`, whose newest exemplar of each series it gets. */
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
  /** null in histograms of prom-client that keep none. */
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
