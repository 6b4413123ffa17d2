/** Names of KDCs come from DNS, and change as years go by: series of those that are asked no more go. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Config } from '../../config/schema.ts'
import { MAX_KDCS, Metrics } from '../../src/observability/metrics.ts'
import { SupervisorMetrics } from '../../src/process/supervisor-metrics.ts'

const FAILURES = /^torhaus_kdc_failures_total\{kdc="([^"]+)"/gm
const ANSWERS = /^torhaus_kdc_answer_duration_seconds_count\{kdc="([^"]+)"/gm
const kdcsIn = (text: string, pattern: RegExp) => new Set([...text.matchAll(pattern)].map(([, kdc]) => kdc))

function asked(from: number, to: number): Metrics {
  const metrics = new Metrics({ monotonic: () => 0, now: () => 0 })
  for (let n = from; n < to; n++) {
    metrics.kdc({ kdc: `dc${n}:88`, seconds: 0.01, failure: undefined })
    metrics.kdc({ kdc: 'steady:88', seconds: 0.01, failure: 'silent' })
    metrics.kdc({ kdc: 'steady:88', seconds: 0.01, failure: undefined })
  }
  return metrics
}

test('a worker has series of the KDCs that were asked last, and one that is asked all the while keeps its counts', async () => {
  const text = await asked(0, 1000).registry.metrics()
  for (const pattern of [FAILURES, ANSWERS]) {
    const kdcs = kdcsIn(text, pattern)
    assert.equal(kdcs.size, MAX_KDCS)
    assert.ok(kdcs.has('dc999:88') && kdcs.has('steady:88') && !kdcs.has('dc0:88'))
  }
  assert.match(text, /^torhaus_kdc_failures_total\{kdc="steady:88",failure="silent"\} 1000$/m)
})

test('so has the supervisor of workers that have ended, however many these were', async () => {
  const supervised = new SupervisorMetrics({
    config: () => ({ listener: {}, admin: {}, upstream: { tls: {} }, session: { store: {} } }) as Config,
    workers: () => 1,
    workersWanted: () => 1,
    failedLogWrites: () => 0,
    startedAtMs: 0,
  })
  for (let worker = 0; worker < 10; worker++)
    supervised.keep(await asked(worker * 20, worker * 20 + 20).registry.getMetricsAsJSON())
  const { text } = await supervised.exposition([], undefined)
  for (const pattern of [FAILURES, ANSWERS]) assert.ok(kdcsIn(text, pattern).size <= MAX_KDCS)
  assert.match(text, /^torhaus_kdc_failures_total\{kdc="steady:88",failure="silent"\} 200$/m)
  assert.match(text, /kdc="dc199:88"/)
})
