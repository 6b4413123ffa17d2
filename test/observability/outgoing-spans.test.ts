/** What an exchange asks of OP and store has spans of its own, in the trace of that exchange and no other. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { signIn } from '../../devkit/op/user-agent.ts'
import { startRedis } from '../../devkit/redis/redis-process.ts'
import { startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'
import { OutgoingSpans } from '../../src/observability/outgoing-spans.ts'
import { type Span, startCollector } from './collector.ts'

const TRACES = ['4bf92f3577b34da6a3ce929d0e0e4736', '5bf92f3577b34da6a3ce929d0e0e4737'] as const
const traceparent = (trace: string) => ({ traceparent: `00-${trace}-00f067aa0ba902b7-01` })

test('a question is that of the exchange in whose context it is asked, also after others have come between', async () => {
  let nowMs = 0
  const spans = new OutgoingSpans(() => nowMs)
  const seen: string[] = []
  const exchange = (name: string) => ({
    onDecision: () => undefined,
    conclude: () => undefined,
    onAsked: (what: string, seconds: number, isFailed: boolean) =>
      void seen.push(`${name} ${what} ${seconds} ${isFailed}`),
  })
  const held = Promise.withResolvers<void>()
  const ask = spans.asking('op', async (isGood: boolean) => {
    await held.promise
    if (!isGood) throw new Error('no')
    return 'yes'
  })
  const asked: Promise<unknown>[] = []
  spans.within(exchange('one'), () => void asked.push(ask(true)))
  spans.within(exchange('two'), () => void asked.push(ask(false).catch(() => 'failed')))
  spans.within(undefined, () => void asked.push(ask(true)))
  nowMs = 2000
  held.resolve()
  assert.deepEqual(await Promise.all(asked), ['yes', 'failed', 'yes'])
  assert.deepEqual(seen.sort(), ['one op 2 false', 'two op 2 true'])
})

test('a sign-in has spans for OP and store within it; a request whose session is known asks nobody', async t => {
  const redis = await startRedis().catch(() => undefined)
  if (redis === undefined) return t.skip('there is no redis-server (Debian package of that name)')
  await using collector = await startCollector()
  const lab = await startSignInLab({
    configure: config => ({
      ...config,
      listener: { ...config.listener, trustedProxies: ['127.0.0.1'] },
      session: { ...config.session, store: { kind: 'redis', redis: { urls: [redis.url] } } },
      tracing: { otlpUrl: collector.url, sampleOneIn: 1 },
    }),
  })
  try {
    const browser = new BrowserClient()
    await signIn(browser, `${lab.url}/`, lab.users.ada)
    const [first, second] = TRACES
    for (const trace of TRACES) await browser.send(`${lab.url}/page`, { fields: traceparent(trace) })
    await collector.of(first)
    const later = await collector.of(second)
    assert.deepEqual(
      later.filter(({ kind, name }) => kind === 3 && !name.endsWith('upstream')),
      [],
      'the session is known by then',
    )
    const callback = collector.spans.find(({ attributes }) =>
      attributes.some(({ value }) => JSON.stringify(value).includes('/.torhaus/callback')),
    )
    assert.ok(callback, 'the exchange that completed the sign-in')
    const asked = collector.spans.filter(
      ({ parentSpanId, kind }: Span) => parentSpanId === callback.spanId && kind === 3,
    )
    const names = new Set(asked.map(({ name }) => name))
    assert.deepEqual([...names].sort(), ['op', 'store'])
    for (const { traceId, startTimeUnixNano, endTimeUnixNano } of asked) {
      assert.equal(traceId, callback.traceId)
      assert.ok(BigInt(startTimeUnixNano) >= BigInt(callback.startTimeUnixNano) - 1_000_000n)
      assert.ok(BigInt(endTimeUnixNano) <= BigInt(callback.endTimeUnixNano) + 1_000_000n)
    }
  } finally {
    await lab.close()
    await redis.close()
  }
})
