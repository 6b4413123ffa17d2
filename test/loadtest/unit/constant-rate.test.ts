import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { listen } from '../../../devkit/op/listen.ts'
import { sendAtConstantRate } from '../../../loadtest/generators/constant-rate.ts'

const STALL_MS = 400
const RATE = 200

test('every request that was due while the server stood still counts the time since it was due', async t => {
  let answered = 0
  const server = createServer((_, response) => {
    if (++answered === RATE) {
      const until = performance.now() + STALL_MS
      while (performance.now() < until);
    }
    response.end('x')
  })
  t.after(() => server.close())
  const port = await listen(server, '127.0.0.1', 0)
  const request = { method: 'GET', target: '/', fields: {}, responseBytes: 1 } as const
  const order = { port, connections: 4, requestsPerSecond: RATE, durationS: 2, warmUpS: 0, requests: [request] }
  const { latenciesMs, latenessMs, errors } = await sendAtConstantRate(order, t.signal)
  assert.deepEqual([latenciesMs.length, latenessMs.length, errors], [2 * RATE, 2 * RATE, 0])
  // Due evenly over the stall: half of them in its first half. A generator that waits for answers would see four.
  const late = latenciesMs.filter(latencyMs => latencyMs >= STALL_MS / 2)
  assert.ok(late.length >= ((STALL_MS / 1000) * RATE) / 2 - 2, `${late.length} waited`)
})
