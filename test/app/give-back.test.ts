import assert from 'node:assert/strict'
import { constants, PerformanceObserver } from 'node:perf_hooks'
import { test } from 'node:test'
import { givesBack } from '../../src/app/give-back.ts'

function looked(...connections: readonly number[]): number[] {
  const at: number[] = []
  let now = 0
  const look = givesBack(() => at.push(now))
  connections.forEach((count, index) => {
    now = index
    look(count)
  })
  return at
}

test('the heap is looked through once, when many have left and half of them all', () => {
  assert.deepEqual(looked(0, 10_000, 9000, 6000, 4900, 4800, 4700), [4])
  assert.deepEqual(looked(10_000, 0, 0, 0), [1])
})

test('a few who come and go are no reason, nor a part of many', () => {
  assert.deepEqual(looked(0, 400, 0, 400, 0), [])
  assert.deepEqual(looked(10_000, 6000, 10_000, 5500, 9000), [])
})

test('who leaves later, and who has come again, is a reason again', () => {
  assert.deepEqual(looked(10_000, 4000, 3000, 1000, 10_000, 100), [1, 3, 5])
})

test('V8 does look through its heap', { timeout: 180_000 }, async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const observer = new PerformanceObserver(list => {
    for (const entry of list.getEntries()) if (kindOf(entry) === constants.NODE_PERFORMANCE_GC_MAJOR) resolve()
  })
  observer.observe({ entryTypes: ['gc'] })
  // V8 waits for ten seconds, and does not keep the process.
  const alive = setInterval(() => undefined, 1000)
  const look = givesBack()
  look(1000)
  look(0)
  await promise
  clearInterval(alive)
  observer.disconnect()
})

const kindOf = (entry: object) => (entry as { readonly detail?: { readonly kind: number } }).detail?.kind
