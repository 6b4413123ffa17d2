import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { requestText } from '../../devkit/clients/raw-http.ts'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { configured, type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy({ configure: configured({}, { maxConnections: 1, maxQueued: 2 }) })
})
after(() => proxy.close())

/** Resolves when so many requests wait for a connection. */
const queued = (count: number) =>
  eventually(async () => (await proxy.metric('torhaus_upstream_queued_requests')) >= count, `${count} requests wait`)

test('above the queue requests get 503 with Retry-After at once, and the others their answers', async () => {
  let open = Promise.withResolvers<void>()
  proxy.origin.answerWith(async (_, response) => {
    await open.promise
    response.end('served')
  })
  const waiting = [0, 1, 2].map(index => proxy.pass(`GET /${index}`))
  await queued(2)
  const refused = await proxy.pass('GET /one-too-many')
  assert.equal(refused.status, 503)
  assert.equal(refused.one('X-Torhaus-Error'), 'upstream-overloaded')
  assert.match(refused.one('Retry-After') ?? '', /^\d+$/)
  open.resolve()
  open = Promise.withResolvers()
  open.resolve()
  assert.deepEqual(
    (await Promise.all(waiting)).map(({ text }) => text),
    ['served', 'served', 'served'],
  )
  assert.equal(
    proxy.origin.requests.some(({ target }) => target === '/one-too-many'),
    false,
  )
})

test('a client that leaves the queue makes room, and its request never reaches the origin', async () => {
  const open = Promise.withResolvers<void>()
  proxy.origin.answerWith(async (_, response) => {
    await open.promise
    response.end('served')
  })
  const first = proxy.pass('GET /first')
  await proxy.origin.arrived('/first')
  const leaver = await proxy.connect()
  leaver.send(requestText('GET /left', [proxy.host, patField]))
  await queued(1)
  leaver.close()
  await proxy.fixture.logged(entry => entry['url.path'] === '/left' && entry['torhaus.code'] === 'client-aborted')
  const second = proxy.pass('GET /second')
  open.resolve()
  assert.deepEqual([(await first).text, (await second).text], ['served', 'served'])
  assert.equal(
    proxy.origin.requests.some(({ target }) => target === '/left'),
    false,
  )
})

test('clients that leave the queue one after the other do not fill it up', async () => {
  const open = Promise.withResolvers<void>()
  proxy.origin.answerWith(async (_, response) => {
    await open.promise
    response.end('served')
  })
  const first = proxy.pass('GET /busy')
  await proxy.origin.arrived('/busy')
  for (let round = 0; round < 5; round++) {
    const leaver = await proxy.connect()
    leaver.send(requestText(`GET /left-${round}`, [proxy.host, patField]))
    await new Promise(resolve => setTimeout(resolve, 20))
    leaver.close()
    const record = await proxy.fixture.logged(entry => entry['url.path'] === `/left-${round}`)
    assert.equal(record['torhaus.code'], 'client-aborted')
  }
  open.resolve()
  assert.equal((await first).text, 'served')
})
