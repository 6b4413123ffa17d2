import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failureRecordsIn } from '../../../loadtest/lab/failure-records.ts'

const record = (status: number, code: string | undefined, id: number) =>
  JSON.stringify({ 'http.response.status_code': status, ...(code && { 'torhaus.code': code }), id })

test('of failures the first record of each code is told, and nothing of who went away by themselves', () => {
  const [unreachable, again] = [record(503, 'kdc-unreachable', 1), record(503, 'kdc-unreachable', 2)]
  const [other, ofServer] = [record(503, 'store-unavailable', 3), record(404, undefined, 4)]
  const log = [
    record(200, undefined, 0),
    unreachable,
    record(499, 'client-aborted', 5),
    again,
    other,
    ofServer,
    'not JSON',
  ]
  assert.deepEqual(failureRecordsIn(`${log.join('\n')}\n`), [unreachable, other, ofServer])
})
