import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unlessStopped } from '../../devkit/demo/unless-stopped.ts'

test('a start that waits for what a signal has ended is over with the signal', async () => {
  const stop = new AbortController()
  const waiting = unlessStopped(new Promise(() => undefined), stop.signal)
  stop.abort()
  await assert.rejects(waiting, { name: 'AbortError' })
  await assert.rejects(unlessStopped(Promise.resolve(1), stop.signal), { name: 'AbortError' })
  assert.equal(await unlessStopped(Promise.resolve(1), new AbortController().signal), 1)
})
