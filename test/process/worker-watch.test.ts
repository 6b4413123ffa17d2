import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import type { WorkerProcess } from '../../src/process/worker-process.ts'
import { WorkerWatch } from '../../src/process/worker-watch.ts'

/** What the watch asks of a worker. */
class Answering {
  answers = true
  isListening = true
  report = async () => (this.answers ? { metrics: [], readiness: { ready: true, parts: {} } } : undefined)
  isUnresponsive = async () => false
}

async function rounds(count: number): Promise<void> {
  for (let round = 0; round < count; round++) {
    mock.timers.tick(2500)
    // What was asked is answered in the same turn here.
    for (let turn = 0; turn < 20; turn++) await Promise.resolve()
  }
}

test('one that misses a few rounds is left alone; one that misses four is hung, once; none for long means not alive', async () => {
  mock.timers.enable({ apis: ['setTimeout'] })
  const worker = new Answering()
  const hung: string[] = []
  const watch = new WorkerWatch({
    workers: () => [worker as unknown as WorkerProcess],
    onHung: (_, silence) => hung.push(silence),
    onRound: () => undefined,
  })
  try {
    watch.start()
    worker.answers = false
    await rounds(3)
    worker.answers = true
    await rounds(1)
    worker.answers = false
    await rounds(3)
    assert.deepEqual(hung, [])
    await rounds(8)
    assert.deepEqual(hung, ['heartbeat'])
    assert.equal(watch.isAlive, true)
    await rounds(2)
    assert.equal(watch.isAlive, false)
    worker.answers = true
    await rounds(1)
    assert.equal(watch.isAlive, true)
  } finally {
    watch.close()
    mock.timers.reset()
  }
})
