import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { requestText } from '../../devkit/clients/raw-http.ts'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { configured, type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy({
    configure: configured({}, { maxConnections: 64, maxQueued: 400, queueTimeoutMs: 5000 }),
  })
})
after(() => proxy.close())

const agentField = (index: number) =>
  `Authorization: Basic ${btoa(
    `:${index
      .toString(36)
      .padStart(52, 'c')
      .replaceAll(/[01890]/g, 'd')}`,
  )}`

/** Sends requests that wait for their answers until `finish`. */
async function flood(count: number, fieldOf: (index: number) => string) {
  const finish = Promise.withResolvers<void>()
  proxy.origin.answerWith(async (request, response) => {
    if (request.url?.startsWith('/flood')) await finish.promise
    response.end('ok')
  })
  const answers = Array.from({ length: count }, async (_, index) => {
    const connection = await proxy.connect()
    connection.send(requestText(`GET /flood-${index}`, [proxy.host, fieldOf(index)]))
    const response = await connection.response()
    connection.close()
    return response
  })
  // Where a test fails, they are left unanswered.
  void Promise.allSettled(answers)
  const inFlight = () => proxy.origin.requests.filter(({ target }) => target.startsWith('/flood')).length
  return { answers, inFlight, finish: finish.resolve }
}

test('one token with 600 requests in flight starves nobody, and is told to wait', async () => {
  assert.equal((await proxy.pass('GET /known')).status, 200)
  const { answers, inFlight, finish } = await flood(600, () => patField)
  await eventually(() => inFlight() >= 63, '63 in flight')
  await eventually(async () => (await proxy.metric('torhaus_upstream_queued_requests')) >= 200, '200 waiting')
  for (let round = 0; round < 3; round++) assert.equal((await proxy.ask('GET /other', [proxy.bearerField])).status, 200)
  assert.equal(inFlight(), 63)
  finish()
  const codes = (await Promise.all(answers)).map(response => response.one('X-Torhaus-Error') ?? 'none')
  assert.ok(codes.includes('client-share-exceeded'))
  const refused = (await Promise.all(answers)).find(response => response.status === 429)
  assert.match(refused?.one('Retry-After') ?? '', /^\d+$/)
})

test('who waits too long for a connection is told so, with its own code', async () => {
  const seen = proxy.origin.requests.length
  const { answers, finish } = await flood(80, () => patField)
  await eventually(() => proxy.origin.requests.length - seen >= 63, '63 in flight')
  const late = await Promise.any(
    answers.map(async answer => {
      const response = await answer
      assert.equal(response.one('X-Torhaus-Error'), 'upstream-queue-timeout')
      return response
    }),
  )
  assert.equal(late.status, 503)
  assert.match(late.one('Retry-After') ?? '', /^\d+$/)
  // They came one after the other, and are told so in that order.
  await eventually(async () => (await proxy.metric('torhaus_upstream_queued_requests')) === 0, 'nobody waits')
  finish()
  await Promise.all(answers)
})

test('build agents that poll from one address all have their connection', async () => {
  const seen = proxy.origin.requests.length
  const { answers, finish } = await flood(60, agentField)
  await eventually(() => proxy.origin.requests.length - seen >= 60, '60 in flight')
  assert.equal((await proxy.ask('GET /person', [proxy.bearerField])).status, 200)
  finish()
  const statuses = new Set((await Promise.all(answers)).map(({ status }) => status))
  assert.deepEqual([...statuses], [200])
})
