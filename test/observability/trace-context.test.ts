/** A traceparent that is none says nothing (W3C Trace Context 2.2.2, 4.3). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readTraceparent } from '../../src/http/trace-context.ts'

const [TRACE, PARENT] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7']

test('a traceparent is read as it is written, of a later version as far as this one is in it', () => {
  const read = { traceId: TRACE, parentId: PARENT, isSampled: true }
  for (const value of [`00-${TRACE}-${PARENT}-01`, `00-${TRACE}-${PARENT}-03`, `cc-${TRACE}-${PARENT}-01-more`])
    assert.deepEqual(readTraceparent(value), read, value)
  assert.deepEqual(readTraceparent(`00-${TRACE}-${PARENT}-00`), { ...read, isSampled: false })
})

test('what is malformed, stands there twice or names nothing is no place in a trace', () => {
  for (const value of [
    undefined,
    '',
    `ff-${TRACE}-${PARENT}-01`,
    `00-${'0'.repeat(32)}-${PARENT}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${PARENT}-01`,
    `00-${TRACE}-${PARENT}-01-more`,
    `00-${TRACE}-${PARENT}-01, 00-${TRACE}-${PARENT}-01`,
  ])
    assert.equal(readTraceparent(value), undefined, String(value))
})
