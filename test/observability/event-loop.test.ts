import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { EventLoop } from '../../src/observability/event-loop.ts'

/** Keeps the event loop from turning. */
const standStill = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

test('a delay of the event loop is told for a minute, however often it is read, and then no more', async () => {
  let nowMs = 0
  const loop = new EventLoop(() => nowMs)
  await sleep(100)
  standStill(400)
  await sleep(100)
  for (let seconds = 0; seconds <= 60; seconds++) {
    nowMs = seconds * 1000
    assert.ok(loop.delays().max > 0.3, `after ${seconds} s`)
    assert.ok(loop.delays().p99 > 0.3, `after ${seconds} s`)
  }
  for (let seconds = 61; seconds <= 80; seconds++) {
    nowMs = seconds * 1000
    loop.delays()
  }
  assert.ok(loop.delays().max < 0.3)
})

test('how long the event loop was at work only grows', async () => {
  const loop = new EventLoop(() => 0)
  const before = loop.busySeconds()
  await sleep(10)
  assert.ok(before > 0)
  assert.ok(loop.busySeconds() >= before)
})
