/** Who tries credentials at the admin listener leaves records, so many and no more, and is counted each time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Logger } from 'pino'
import { adminRefusals } from '../../src/process/admin-refusals.ts'

test('each wrong credential is counted, and of each path fifty in ten seconds are logged with their address', () => {
  const records: Record<string, unknown>[] = []
  const warn = (record: Record<string, unknown>) => records.push(record)
  let [nowMs, counted] = [0, 0]
  const refused = adminRefusals({ warn } as unknown as Logger, { adminRefused: () => counted++ }, () => nowMs)
  for (let count = 0; count < 60; count++) refused('/operator', '192.0.2.1')
  refused('/metrics', '192.0.2.2')
  assert.equal(counted, 61)
  assert.equal(records.length, 51)
  assert.deepEqual(records.at(-1), {
    ...{ 'event.action': 'admin-refused', 'url.path': '/metrics' },
    ...{ 'client.address': '192.0.2.2', 'client.ip': '192.0.2.2' },
  })
  nowMs = 10_000
  refused('/operator', '192.0.2.1')
  assert.deepEqual(records.at(-2), {
    ...{ 'event.action': 'admin-refused', 'url.path': '/operator', 'torhaus.suppressed': 10 },
  })
})
