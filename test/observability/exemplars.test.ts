import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PartialExchange } from '../../src/exchange.ts'
import { Exemplars } from '../../src/observability/exemplars.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const NOW = 1_700_000_000_500
const asked = (requestId: string, span?: { traceId: string; isSampled: boolean }) =>
  ({ requestId, ...(span && { span }) }) as unknown as PartialExchange
const sampled = { traceId: TRACE, isSampled: true }

/** The ids that stand for bucket 3 after each offer. */
function after(...offers: readonly (readonly [atMs: number, exchange: PartialExchange])[]): (string | undefined)[] {
  const exemplars = new Exemplars(() => NOW)
  return offers.map(([atMs, exchange]) => {
    exemplars.offer(3, 0.2, exchange, atMs)
    return exemplars.of(3)?.labelSet.request_id
  })
}

test('a bucket gets another exemplar once a second, at most', () => {
  const offers = [0, 1, 999, 1000, 1999, 2000].map((atMs, index) => [atMs, asked(`request${index}`)] as const)
  assert.deepEqual(after(...offers), ['request0', 'request0', 'request0', 'request3', 'request3', 'request5'])
})

test('one whose trace is recorded stays a minute, unless another one comes', () => {
  const other = asked('not-traced')
  const offers = [
    ...([
      [0, asked('traced00', sampled)],
      [1000, other],
      [59_999, other],
      [60_000, other],
    ] as const),
    ...([
      [61_000, asked('traced01', sampled)],
      [62_000, asked('traced02', sampled)],
    ] as const),
  ]
  assert.deepEqual(after(...offers), ['traced00', 'traced00', 'traced00', 'not-traced', 'traced01', 'traced02'])
})

test('it names the request, the value and when, and the trace only where that is recorded', () => {
  const exemplars = new Exemplars(() => NOW)
  assert.equal(exemplars.of(0), undefined)
  exemplars.offer(0, 0.001, asked('request0', { traceId: TRACE, isSampled: false }), 0)
  exemplars.offer(1, 0.002, asked('request1', sampled), 0)
  exemplars.offer(2, 0.003, {} as PartialExchange, 0)
  const at = { timestamp: NOW / 1000 }
  assert.deepEqual(exemplars.of(0), { labelSet: { request_id: 'request0' }, value: 0.001, ...at })
  assert.deepEqual(exemplars.of(1), { labelSet: { trace_id: TRACE, request_id: 'request1' }, value: 0.002, ...at })
  assert.equal(exemplars.of(2), undefined)
})

test('a trace that a peer names counts only where the peer is believed', () => {
  const exemplars = new Exemplars(() => NOW)
  const fields = { kept: { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` } }
  for (const [bucket, peerIsTrusted] of [true, false].entries())
    exemplars.offer(bucket, 1, { requestId: 'request0', fields, peerIsTrusted } as unknown as PartialExchange, 0)
  assert.equal(exemplars.of(0)?.labelSet.trace_id, TRACE)
  assert.equal(exemplars.of(1)?.labelSet.trace_id, undefined)
})
