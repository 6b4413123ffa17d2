import assert from 'node:assert/strict'
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { after, before, test } from 'node:test'
import type { RawResponse } from '../../devkit/clients/raw-http.ts'
import { basic, configured, type ProxyUnderTest, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'
import type { Stage } from '../../src/decision.ts'
import { Fault } from '../../src/errors.ts'
import type { Arrival } from '../../src/exchange.ts'
import { type DecisionTrace, TraceRecorder } from '../../src/observability/decision-trace.ts'
import { newRecord } from '../../src/observability/exchange-record.ts'
import { printTrace } from '../../src/observability/print-trace.ts'
import { bounded } from '../../src/observability/trace-facts.ts'
import { StageChain } from '../../src/stage-chain.ts'

let proxy: ProxyUnderTest

before(async () => {
  proxy = await startProxy({
    configure: configured({ trustedProxies: ['127.0.0.1'] }, {}, { logging: { trace: true } }),
  })
})
after(() => proxy.close())

async function traceOf(response: Pick<RawResponse, 'one'>): Promise<DecisionTrace> {
  const id = response.one('X-Request-Id')
  assert.ok(id, 'a response without a request id')
  const matches = (entry: Readonly<Record<string, unknown>>) => entry['http.request.id'] === id
  const record = await proxy.fixture.logged(entry => entry['event.action'] === 'trace' && matches(entry))
  return record['torhaus.trace'] as DecisionTrace
}

const ways = ({ steps }: DecisionTrace) => steps.map(({ stage, decision }) => `${stage} ${decision}`)

const ARRIVAL = ['trust-connection proceed', 'identify-request proceed']

test('a request that was forwarded has a step for each stage, in their order, with what each added', async () => {
  const response = await proxy.ask('GET /page?token=secret', [proxy.bearerField])
  const trace = await traceOf(response)
  assert.deepEqual(ways(trace), [
    ...[...ARRIVAL, 'classify-credentials proceed', 'authenticate proceed', 'require-second-factor proceed'],
    ...['map-identity proceed', 'impersonate proceed', 'forward forwarded'],
  ])
  const { method, path, status, outcome } = trace
  assert.deepEqual(
    { method, path, status, outcome },
    { method: 'GET', path: '/page', status: 200, outcome: 'forwarded' },
  )
  const [, , classified, authenticated, admitted, mapped, delegated] = trace.steps
  assert.deepEqual(classified?.knew, { authorization: 'yes', cookie: 'no' })
  assert.deepEqual(classified?.added, { scheme: 'bearer', via: 'Bearer' })
  assert.equal(authenticated?.added.account, 'ada')
  assert.deepEqual(admitted?.added, { admitted_by: 'second-factor' })
  assert.deepEqual(mapped?.added, { account: 'ada' })
  const travel = { identity: 'X-Remote-Account', authorization: 'removed', connection: 'delegated' }
  assert.deepEqual(delegated?.added, travel)
  assert.ok(trace.steps.every(({ durationMs = -1 }) => durationMs >= 0))
})

test('the stage that refuses is the last step, with the code and what the code means', async () => {
  const challenged = await traceOf(await proxy.ask('GET /api', ['Accept: application/json']))
  assert.deepEqual(ways(challenged).at(-1), 'require-second-factor challenge')
  assert.equal(challenged.steps.at(-1)?.code, 'credentials-missing')
  assert.match(challenged.steps.at(-1)?.reason ?? '', /^[A-Z].*\.$/)
  const redirected = await traceOf(await proxy.ask('GET /', ['Accept: text/html', 'User-Agent: Mozilla/5.0']))
  assert.deepEqual([ways(redirected).at(-1), redirected.status], ['require-second-factor sign-in', 302])
  const denied = await traceOf(await proxy.ask('TRACE /', []))
  assert.deepEqual([ways(denied), denied.steps[0]?.code], [['trust-connection deny'], 'method-refused'])
})

test('what is refused between the stages ends the trace, too', async () => {
  const { steps, status } = await traceOf(await proxy.pass('GET /no-answer', ['Expect: miracles']))
  assert.deepEqual([steps.at(-1)?.stage, steps.at(-1)?.code, status], ['accept', 'expectation-unsupported', 417])
})

test('where the origin server is away, the last step says what lies behind', async () => {
  const lonely = await startProxy({
    upstreamUrl: 'http://127.0.0.1:1',
    configure: configured({}, {}, { logging: { trace: true } }),
  })
  try {
    assert.equal((await lonely.pass('GET /')).status, 502)
    const record = await lonely.fixture.logged(entry => entry['event.action'] === 'trace')
    const last = (record['torhaus.trace'] as DecisionTrace).steps.at(-1)
    assert.deepEqual([last?.stage, last?.decision, last?.code], ['forward', 'failed', 'upstream-connect-failed'])
    assert.match(last?.reason ?? '', /ECONNREFUSED/)
  } finally {
    await lonely.close()
  }
})

test('a stage that throws, or rejects, is the last step, with what lies behind the fault', async () => {
  const fault = new Fault('store-unavailable', new Error('the disk is full'))
  const stages: Stage<Arrival, Arrival>[] = [
    () => {
      throw fault
    },
    () => Promise.reject(fault),
  ]
  for (const stage of stages) {
    const request = new IncomingMessage(new Socket())
    const arrival = { request, response: new ServerResponse(request), arrivedAtMs: 0 }
    const traces: DecisionTrace[] = []
    const recorder = new TraceRecorder(
      () => 0,
      trace => traces.push(trace),
    )
    const result = await StageChain.of<Arrival>().stage('authenticate', stage).run(arrival, recorder)
    assert.ok(!result.passed)
    recorder.conclude({ ...newRecord(arrival, recorder), stage: result.stage, outcome: 'failed' }, 1)
    const [step, ...others] = traces[0]?.steps ?? []
    assert.deepEqual([step?.decision, step?.code, others], ['fault', 'store-unavailable', []])
    assert.match(step?.reason ?? '', /the disk is full/)
  }
})

test('pages of Torhaus are traced, and what their paths name is left out', async () => {
  const page = await traceOf(await proxy.ask('GET /.torhaus/signed-out'))
  assert.deepEqual([ways(page), page.path], [[...ARRIVAL, 'routes answered'], '/.torhaus/signed-out'])
  const confirm = await traceOf(await proxy.ask('GET /.torhaus/confirm/ABCD-EFGH', ['Accept: text/html']))
  assert.equal(confirm.path, '/.torhaus/confirm/...')
  assert.doesNotMatch(JSON.stringify(confirm), /ABCD/)
})

test('a target that no router could decode has a trace, too', async () => {
  const trace = await traceOf(await proxy.ask('GET /a%zz'))
  assert.deepEqual([ways(trace), trace.steps[0]?.code], [['trust-connection deny'], 'target-malformed'])
})

test('values are short, and cannot steer a terminal', async () => {
  const trace = await traceOf(await proxy.ask(`GET /${'long/'.repeat(100)}`, [proxy.bearerField]))
  assert.equal(trace.path.length, 120)
  assert.equal(bounded('red \u001b[31m \u009b31m \u2028 \u202e Grüße'), 'red ?[31m ?31m ? ? Grüße')
})

test('a user name that nobody has verified is not in it, since people type passwords there', async () => {
  const trace = await traceOf(await proxy.ask('GET /', [basic('my-password', 'my-password')]))
  assert.deepEqual(trace.steps.at(-1)?.knew, { scheme: 'basic' })
  assert.doesNotMatch(JSON.stringify(trace), /my-password/)
})

test('printed, a trace is the request and one numbered line a stage', async () => {
  const [first, ...lines] = printTrace(await traceOf(await proxy.pass('GET /printed')))
  assert.match(first ?? '', /^GET \/printed -> 200 forwarded in [\d.]+ ms, request [\w-]+$/)
  assert.deepEqual(
    lines.map(line => /^ {2}(\d) ([a-z-]+) +/.exec(line)?.slice(1).join(' ')),
    [
      ...['1 trust-connection', '2 identify-request', '3 classify-credentials', '4 authenticate'],
      ...['5 require-second-factor', '6 map-identity', '7 impersonate', '8 forward'],
    ],
  )
  assert.match(lines[4] ?? '', /knew principal=server-checked; added admitted_by=server-checked; proceed in [\d.]+ ms$/)
})

test('without logging.trace there is none', async () => {
  const quiet = await startProxy()
  try {
    await quiet.record(await quiet.pass('GET /'))
    assert.ok(!quiet.fixture.log.some(entry => entry['event.action'] === 'trace'))
  } finally {
    await quiet.close()
  }
})
