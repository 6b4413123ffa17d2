import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { requestText } from '../../devkit/clients/raw-http.ts'
import { type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy()
})
after(() => proxy.close())

const gets = (count: number, path = '/get') =>
  Array.from({ length: count }, (_, index) => requestText(`GET ${path}-${index}`, [proxy.host, patField])).join('')

test('600 requests in one go on one connection are answered in order, one at a time at the origin', async () => {
  let [open, most] = [0, 0]
  proxy.origin.answerWith((request, response) => {
    most = Math.max(most, ++open)
    setImmediate(() => {
      open--
      response.end(request.url)
    })
  })
  const connection = await proxy.connect()
  connection.send(gets(600))
  for (let index = 0; index < 600; index++) assert.equal((await connection.response()).text, `/get-${index}`)
  assert.equal(most, 1)
})

test('others are served while the first of many pipelined requests has no answer yet', async () => {
  const finish = Promise.withResolvers<void>()
  proxy.origin.answerWith(async (request, response) => {
    if (request.url?.startsWith('/slow')) await finish.promise
    response.end(request.url)
  })
  const connection = await proxy.connect()
  connection.send(gets(600, '/slow'))
  await proxy.origin.arrived('/slow-0')
  assert.equal((await proxy.pass('GET /other')).text, '/other')
  assert.equal(await proxy.metric('torhaus_upstream_queued_requests'), 0)
  assert.equal(proxy.origin.requests.filter(({ target }) => target.startsWith('/slow')).length, 1)
  finish.resolve()
  for (let index = 0; index < 600; index++) assert.equal((await connection.response()).text, `/slow-${index}`)
})

test('content between pipelined requests arrives whole, and each answer is its own', async () => {
  proxy.origin.answerWith((request, response, received) => {
    request.on('end', () => response.end(`${request.url} ${received.bytes}`))
  })
  const connection = await proxy.connect()
  const large = 'x'.repeat(300_000)
  const post = (index: number) =>
    requestText(`POST /post-${index}`, [proxy.host, patField, `Content-Length: ${large.length}`], large)
  connection.send([0, 1, 2, 3].map(post).join('') + gets(2, '/then'))
  for (const index of [0, 1, 2, 3]) assert.equal((await connection.response()).text, `/post-${index} 300000`)
  for (const index of [0, 1]) assert.equal((await connection.response()).text, `/then-${index} 0`)
})

test('what stands behind the last request of a connection is never begun (RFC 9112 9.6)', async () => {
  proxy.origin.answerWith((request, response) => setImmediate(() => response.end(request.url)))
  const connection = await proxy.connect()
  connection.send(requestText('GET /last', [proxy.host, patField, 'Connection: close']) + gets(20, '/behind'))
  assert.equal((await connection.response()).text, '/last')
  assert.equal((await connection.rest()).length, 0)
  assert.equal(
    proxy.origin.requests.some(({ target }) => target.startsWith('/behind')),
    false,
  )
})

test('a client that goes away takes what it had still in line with it', async () => {
  const reached = () => proxy.origin.requests.filter(({ target }) => target.startsWith('/gone')).length
  proxy.origin.answerWith(() => undefined)
  const connection = await proxy.connect()
  connection.send(gets(5, '/gone'))
  await proxy.origin.arrived('/gone-0')
  connection.close()
  await proxy.fixture.logged(entry => entry['url.path'] === '/gone-0' && entry['torhaus.code'] === 'client-aborted')
  assert.equal((await proxy.pass('GET /.torhaus/none')).status, 404)
  assert.equal(reached(), 1)
})

test('garbage behind requests in line leaves them their answers, and ends the connection', async () => {
  proxy.origin.answerWith((request, response) => setImmediate(() => response.end(request.url)))
  const connection = await proxy.connect()
  connection.send(`${gets(3, '/good')}NOT HTTP\r\n\r\n`)
  for (const index of [0, 1, 2]) assert.equal((await connection.response()).text, `/good-${index}`)
  assert.equal((await connection.rest()).length, 0)
})

test('more requests in line than all clients together may have cost the client its connection, with a code', async () => {
  proxy.origin.answerWith(() => undefined)
  const connection = await proxy.connect()
  connection.send(
    `GET / HTTP/1.1\r\n${proxy.host}\r\n${patField}\r\n\r\n`.repeat(3) + 'GET / HTTP/1.1\r\n\r\n'.repeat(3400),
  )
  await connection.rest()
  const record = await proxy.fixture.logged(entry => entry['torhaus.code'] === 'pipeline-too-long')
  assert.equal(record['torhaus.outcome'], 'denied')
  assert.equal(await proxy.metric('torhaus_pipelined_requests'), 0)
})
