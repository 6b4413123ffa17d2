import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMetrics, wantsOpenMetrics } from '../../src/process/open-metrics.ts'
import type { MetricsSnapshot } from '../../src/process/worker-messages.ts'

test('OpenMetrics is for who names it, and likes the text of Prometheus no more', () => {
  const prometheus =
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1'
  for (const accept of [prometheus, 'Application/OpenMetrics-Text', 'text/plain, application/openmetrics-text; q=1'])
    assert.ok(wantsOpenMetrics(accept), accept)
  for (const accept of [
    ...[undefined, '', '*/*', 'text/html,application/xhtml+xml,*/*;q=0.8', 'text/plain;version=0.0.4'],
    ...['application/openmetrics-text;q=0', 'text/plain, application/openmetrics-text;q=0.9'],
    'application/openmetrics-text;q=x',
  ])
    assert.ok(!wantsOpenMetrics(accept), String(accept))
})

const LABELS = { outcome: 'forwarded', le: 0.1 }
const snapshot = (value: number, exemplar: object | null = null) =>
  [
    { name: 'asked_total', help: 'x', type: 'counter', aggregator: 'sum', values: [{ value, labels: {} }] },
    {
      ...{ name: 'took_seconds', help: 'x', type: 'histogram', aggregator: 'sum' },
      values: [{ metricName: 'took_seconds_bucket', labels: LABELS, value, exemplar }],
    },
  ] as unknown as MetricsSnapshot

const exemplar = (id: string, timestamp: number) => ({ labelSet: { request_id: id }, value: 0.05, timestamp })

test('of several workers the newest exemplar stands at the sum, and counters keep their names', async () => {
  const parts = [snapshot(1, exemplar('older', 10.5)), snapshot(2, exemplar('newer', 11.25)), snapshot(4)]
  const { contentType, text } = await openMetrics(snapshot(7), parts)
  assert.match(contentType, /^application\/openmetrics-text; version=1\.0\.0/)
  assert.deepEqual(text.split('\n'), [
    ...['# HELP asked x', '# TYPE asked counter', 'asked_total 7'],
    ...['# HELP took_seconds x', '# TYPE took_seconds histogram'],
    'took_seconds_bucket{outcome="forwarded",le="0.1"} 7 # {request_id="newer"} 0.05 11.25',
    ...['# EOF', ''],
  ])
})
