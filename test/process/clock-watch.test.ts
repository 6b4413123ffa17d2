import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ClockWatch } from '../../src/process/clock-watch.ts'

test('a clock that is set is noticed once, forwards and back, and one that only drifts is not', () => {
  let [wallMs, monotonicMs] = [1_700_000_000_000, 5000]
  const watch = new ClockWatch(
    () => wallMs,
    () => monotonicMs,
  )
  const pass = (ms: number, setByMs = 0) => {
    monotonicMs += ms
    wallMs += ms + setByMs
    return watch.jump()
  }
  assert.equal(pass(2500), undefined)
  assert.equal(pass(2500, 40), undefined)
  assert.equal(pass(2500, 3_600_000), 3_600_000)
  assert.equal(pass(2500), undefined)
  assert.equal(pass(2500, -7_200_000), -7_200_000)
  // A process that was stopped for an hour, with both clocks going on.
  assert.equal(pass(3_600_000), undefined)
})
