import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Config } from '../../config/schema.ts'
import { Metrics } from '../../src/observability/metrics.ts'
import { SupervisorMetrics } from '../../src/process/supervisor-metrics.ts'
import type { MetricsSnapshot } from '../../src/process/worker-messages.ts'

const LATE = 'torhaus_worker_event_loop_delay_p99_seconds'

const supervised = () =>
  new SupervisorMetrics({
    config: () => ({ listener: {}, admin: {}, upstream: { tls: {} }, session: { store: {} } }) as Config,
    workers: () => 16,
    workersWanted: () => 16,
    failedLogWrites: () => 0,
    startedAtMs: 1_700_000_000_000,
  })

async function snapshot(delaySeconds: number): Promise<MetricsSnapshot> {
  const metrics = await new Metrics({ monotonic: () => 0, now: () => 0 }).registry.getMetricsAsJSON()
  return metrics.map(metric =>
    metric.name === LATE ? { ...metric, values: [{ value: delaySeconds, labels: {} }] } : metric,
  )
}

const lines = (text: string, name: string) =>
  text.split('\n').filter(line => line.startsWith(`${name}{`) || line.startsWith(`${name} `))

test('one worker that is late among sixteen is seen, and which', async () => {
  const metrics = supervised()
  const good = await snapshot(0.01)
  const workers = Array.from({ length: 15 }, (_, index) => ({ pid: 100 + index, isAnswering: true, metrics: good }))
  const late = { pid: 99, isAnswering: false, metrics: await snapshot(1) }
  const { text } = await metrics.exposition([...workers, late], undefined)
  assert.equal(lines(text, LATE).length, 16)
  assert.ok(lines(text, LATE).includes(`${LATE}{worker="99"} 1`))
  assert.ok(lines(text, 'torhaus_worker_answering').includes('torhaus_worker_answering{worker="99"} 0'))
  assert.ok(lines(text, 'torhaus_worker_answering').includes('torhaus_worker_answering{worker="100"} 1'))
})

test('what a worker that has ended said of itself is not said of the others', async () => {
  const metrics = supervised()
  metrics.keep(await snapshot(1))
  const next = { pid: 100, isAnswering: true, metrics: await snapshot(0.01) }
  const { text } = await metrics.exposition([next], undefined)
  assert.deepEqual(lines(text, LATE), [`${LATE}{worker="100"} 0.01`])
  assert.equal(lines(text, 'torhaus_worker_event_loop_busy_seconds_total').length, 1)
})
