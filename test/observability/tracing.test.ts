/** Spans at a collector that is a small server, and what the origin server is told of the trace. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { freePort } from '../../devkit/torhaus/free-port.ts'
import { configured, type ProxyUnderTest, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'
import { startCollector } from './collector.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'
const given = (flags: string) => `traceparent: 00-${TRACE}-${PARENT}-${flags}`
const traced = (tracing: object | undefined, trusted: readonly string[] = ['127.0.0.1']) =>
  startProxy({ configure: configured({ trustedProxies: trusted }, {}, tracing === undefined ? {} : { tracing }) })

/** What the origin server was told of the trace. */
async function toldTo(proxy: ProxyUnderTest, fields: readonly string[]): Promise<string[]> {
  const answer = await proxy.pass('GET /x', fields)
  assert.equal(answer.status, 200)
  const id = answer.one('X-Request-Id')
  const request = proxy.origin.requests.find(({ fields: got }) => got.some(([, value]) => value === id))
  return (request?.fields ?? []).flatMap(([name, value]) => (/^trace/i.test(name) ? [`${name}: ${value}`] : []))
}

test('a trace of a trusted peer goes on: exchange, stages and origin server have their spans in it', async () => {
  await using collector = await startCollector()
  const proxy = await traced({ otlpUrl: collector.url, sampleOneIn: 1_000_000 })
  try {
    const told = (await toldTo(proxy, [given('01'), 'tracestate: a=1'])).find(line => /^traceparent/.test(line))
    const spans = await collector.of(TRACE)
    const root = spans.find(({ parentSpanId }) => parentSpanId === PARENT)
    assert.ok(root)
    assert.deepEqual([root.name, root.kind, root.status], ['GET', 2, {}])
    const inner = spans.filter(({ parentSpanId }) => parentSpanId === root.spanId)
    assert.deepEqual(
      inner.map(({ name }) => name),
      [
        ...['trust-connection', 'identify-request', 'classify-credentials', 'authenticate'],
        ...['require-second-factor', 'map-identity', 'impersonate', 'GET upstream'],
      ],
    )
    const upstream = inner.at(-1)
    assert.equal(told, `traceparent: 00-${TRACE}-${upstream?.spanId}-01`)
    for (const { startTimeUnixNano, endTimeUnixNano } of spans) {
      assert.ok(BigInt(startTimeUnixNano) <= BigInt(endTimeUnixNano))
      assert.ok(BigInt(startTimeUnixNano) >= BigInt(root.startTimeUnixNano) - 1_000_000n)
      assert.ok(BigInt(endTimeUnixNano) <= BigInt(root.endTimeUnixNano) + 1_000_000n)
    }
    const status = root.attributes.find(({ key }) => key === 'http.response.status_code')
    assert.deepEqual(status?.value, { intValue: '200' })
  } finally {
    await proxy.close()
  }
})

test('what a trusted peer does not record is not recorded here, and goes on so', async () => {
  await using collector = await startCollector()
  const proxy = await traced({ otlpUrl: collector.url, sampleOneIn: 1 })
  try {
    const told = await toldTo(proxy, [given('00'), 'tracestate: a=1'])
    assert.match(told.find(line => /^traceparent/.test(line)) ?? '', new RegExp(`^traceparent: 00-${TRACE}-.{16}-00$`))
    assert.ok(told.includes('tracestate: a=1'))
    const [other = ''] = await toldTo(proxy, [])
    await collector.of(other.split('-')[1] ?? '')
    assert.deepEqual(
      collector.spans.filter(({ traceId }) => traceId === TRACE),
      [],
    )
  } finally {
    await proxy.close()
  }
})

test('nobody else joins a trace: one of ours begins, and the log names it', async () => {
  await using collector = await startCollector()
  const proxy = await traced({ otlpUrl: collector.url, sampleOneIn: 1 }, [])
  try {
    const [told = '', ...more] = await toldTo(proxy, [given('01'), 'TraceState: a=1'])
    assert.deepEqual(more, [])
    const [, traceId = ''] = told.split('-')
    assert.match(traceId, /^[0-9a-f]{32}$/)
    assert.notEqual(traceId, TRACE)
    const spans = await collector.of(traceId)
    assert.ok(spans.some(({ parentSpanId, kind }) => parentSpanId === undefined && kind === 2))
    const record = await proxy.fixture.logged(entry => entry['trace.id'] === traceId)
    assert.equal(record['event.action'], 'request')
  } finally {
    await proxy.close()
  }
})

test('no span names a person, a query or a credential', async () => {
  await using collector = await startCollector()
  const proxy = await traced({ otlpUrl: collector.url, sampleOneIn: 1 })
  try {
    await proxy.ask('GET /x?password=hidden', [given('01'), proxy.bearerField])
    // Ids are random hexadecimal digits, in which any short name of these letters would be found sooner or later.
    const told = (await collector.of(TRACE)).map(({ traceId, spanId, parentSpanId, ...said }) => said)
    assert.notEqual(told.length, 0)
    const text = JSON.stringify(told)
    for (const secret of ['hidden', 'ada', proxy.bearerField.split('.')[1] ?? ''])
      assert.ok(!text.includes(secret), secret)
  } finally {
    await proxy.close()
  }
})

test('a collector that is away costs no request, and is told once', async () => {
  const proxy = await traced({ otlpUrl: `http://127.0.0.1:${await freePort()}/v1/traces`, sampleOneIn: 1 })
  try {
    for (let count = 0; count < 3; count++) await toldTo(proxy, [])
    await proxy.fixture.logged(record => record['event.action'] === 'trace-export')
    await toldTo(proxy, [])
    assert.equal(proxy.fixture.log.filter(record => record['event.action'] === 'trace-export').length, 1)
  } finally {
    await proxy.close()
  }
})

test('without the section the traceparent of a client goes on as it came', async () => {
  const proxy = await traced(undefined)
  try {
    assert.deepEqual(await toldTo(proxy, [given('01'), 'tracestate: a=1']), [given('01'), 'tracestate: a=1'])
    assert.deepEqual(await toldTo(proxy, []), [])
  } finally {
    await proxy.close()
  }
})
