import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Counter, Histogram, Registry } from 'prom-client'
import { Growth } from '../../src/operator/figures.ts'
import { countOf, secondsOf, shareOf } from '../../src/operator/units.ts'

const counted = (...counts: readonly (readonly [outcome: string, amount: number])[]) => {
  const registry = new Registry()
  const counter = new Counter({ name: 'requests', help: 'x', labelNames: ['outcome'], registers: [registry] })
  for (const [outcome, amount] of counts) counter.inc({ outcome }, amount)
  return registry.getMetricsAsJSON()
}

const observed = (...values: readonly number[]) => {
  const registry = new Registry()
  const histogram = new Histogram({ name: 'seconds', help: 'x', buckets: [0.1, 1, 10], registers: [registry] })
  for (const value of values) histogram.observe(value)
  return registry.getMetricsAsJSON()
}

test('what was counted between two readings, of all labels or of some', async () => {
  const growth = new Growth(await counted(['denied', 3]), await counted(['denied', 5], ['failed', 2]))
  assert.equal(growth.count('requests'), 4)
  assert.equal(
    growth.count('requests', ({ outcome }) => outcome === 'denied'),
    2,
  )
  assert.equal(growth.count('unknown'), 0)
})

test('a worker whose counts are gone for a moment makes nothing negative', async () => {
  assert.equal(new Growth(await counted(['denied', 3]), await counted()).count('requests'), 0)
})

test('a quantile is spread within its bucket, counts what came since, and is bounded where the buckets end', async () => {
  const before = await observed(5, 5, 5)
  const after = await observed(5, 5, 5, 0.05, 0.05, 0.5, 0.5)
  const growth = new Growth(before, after)
  assert.equal(growth.quantile(0.5, 'seconds'), 0.1)
  assert.ok(Math.abs((growth.quantile(0.75, 'seconds') ?? 0) - 0.55) < 1e-9)
  assert.equal(new Growth([], await observed(99)).quantile(0.5, 'seconds'), 10)
  assert.equal(new Growth(before, before).quantile(0.5, 'seconds'), undefined)
})

test('numbers as people read them', () => {
  assert.deepEqual(
    [countOf(1234567), shareOf(1, 3), shareOf(2, 2), shareOf(0, 0)],
    ['1,234,567', '33.3 %', '100 %', 'nothing yet'],
  )
  assert.deepEqual(
    [secondsOf(0.0004), secondsOf(0.25), secondsOf(2.5), secondsOf(undefined)],
    ['0.4 ms', '250 ms', '2.5 s', '-'],
  )
})
