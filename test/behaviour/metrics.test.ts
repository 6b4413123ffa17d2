import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { type ProxyUnderTest, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy()
})
after(() => proxy.close())

async function text(): Promise<string> {
  return (await fetch(`${proxy.fixture.adminUrl}/metrics`)).text()
}

/** Lines of a metric, by labels. */
async function samples(name: string): Promise<Map<string, number>> {
  const lines = (await text()).split('\n').filter(line => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
  return new Map(
    lines.map(line => [line.slice(name.length, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  )
}

/** The counter is written when the response is closed, which is after the client has read it. */
const counted = (name: string, labels: string, atLeast: number) =>
  eventually(async () => ((await samples(name)).get(labels) ?? 0) >= atLeast, `${name}${labels} at ${atLeast}`)

test('requests are counted by scheme, client class, outcome and code', async () => {
  await proxy.pass('GET /', ['User-Agent: git/2.50'])
  await proxy.pass('GET /', ['User-Agent: git/2.51'])
  await proxy.ask('GET /')
  await counted('torhaus_requests_total', '{scheme="pat",client_class="git",outcome="forwarded",code="none"}', 2)
  await counted(
    'torhaus_requests_total',
    '{scheme="none",client_class="other",outcome="challenged",code="credentials-missing"}',
    1,
  )
  await counted('torhaus_responses_total', '{status_class="2xx"}', 2)
  await counted('torhaus_admissions_total', '{policy="server-checked"}', 2)
})

test('content is counted in both directions', async () => {
  await proxy.pass('POST /', ['Content-Length: 1000'], 'x'.repeat(1000))
  await counted('torhaus_content_bytes_total', '{direction="to_upstream"}', 1000)
  await counted('torhaus_content_bytes_total', '{direction="to_client"}', 1000)
})

test('durations are histograms in seconds, those of whole exchanges by how they ended', async () => {
  for (const name of ['torhaus_decision_duration_seconds', 'torhaus_upstream_first_byte_seconds'])
    assert.ok(((await samples(`${name}_count`)).get('') ?? 0) > 0, name)
  const counts = await samples('torhaus_request_duration_seconds_count')
  for (const outcome of ['forwarded', 'challenged']) assert.ok((counts.get(`{outcome="${outcome}"}`) ?? 0) > 0, outcome)
})

test('connections to the upstream and of clients are gauges', async () => {
  assert.ok(((await samples('torhaus_upstream_connections')).get('') ?? 0) >= 1)
  assert.ok(((await samples('torhaus_upstream_opened_connections_total')).get('') ?? 0) >= 1)
  const connection = await proxy.connect()
  assert.ok(((await samples('torhaus_client_connections')).get('') ?? 0) >= 1)
  connection.close()
})

test('the process itself is measured', async () => {
  const all = await text()
  for (const name of [
    'torhaus_worker_event_loop_delay_p99_seconds',
    'process_cpu_seconds_total',
    'process_resident_memory_bytes',
    'process_open_fds',
  ])
    assert.match(all, new RegExp(`^${name} `, 'm'))
  // From the start: the first one of a kind may come at any time.
  for (const kind of ['major', 'minor', 'incremental', 'weakcb'])
    assert.match(all, new RegExp(`^nodejs_gc_duration_seconds_count\\{kind="${kind}"\\} `, 'm'))
  // To count those takes a walk over all that is open.
  assert.doesNotMatch(all, /^nodejs_active_/m)
})

test('nothing a client sends becomes a label', async () => {
  const refused = '{scheme="unsupported",client_class="other",outcome="challenged",code="scheme-unsupported"}'
  const series = async () => new Set((await text()).split('\n').map(line => line.slice(0, line.lastIndexOf(' '))))
  await proxy.ask('GET /', ['User-Agent: nobody', 'Authorization: Hawk'])
  await counted('torhaus_requests_total', refused, 1)
  const before = await series()
  for (let index = 0; index < 30; index++) {
    const made = `made-up-${index}`
    await proxy.ask(`GET /${made}`, [`User-Agent: ${made}`, `Authorization: ${made} ${made}`, `X-${made}: ${made}`])
  }
  await counted('torhaus_requests_total', refused, 31)
  assert.doesNotMatch(await text(), /made-up/)
  assert.deepEqual(
    [...(await series())].filter(name => !before.has(name)),
    [],
  )
})

test('the admin listener answers for life and readiness, and not on the port of the clients', async () => {
  assert.deepEqual(
    [(await fetch(`${proxy.fixture.adminUrl}/livez`)).status, (await fetch(`${proxy.fixture.adminUrl}/readyz`)).status],
    [200, 200],
  )
  for (const path of ['/metrics', '/livez', '/readyz']) assert.equal((await proxy.ask(`GET ${path}`)).status, 401)
})
