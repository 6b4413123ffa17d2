import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { requestText } from '../../devkit/clients/raw-http.ts'
import { type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy()
})
after(() => proxy.close())

/** Resolves when the origin sees the connection of a request closed. */
const closedAtOrigin = (target: string) =>
  new Promise<void>(resolve => {
    proxy.origin.answerWith((request, response) => {
      if (request.url === target) request.socket.on('close', () => resolve())
      else response.end('ok')
    })
  })

const recordOf = (path: string) => proxy.fixture.logged(entry => entry['url.path'] === path)

test('a client that goes away before the answer ends the request at the origin', async () => {
  const closed = closedAtOrigin('/gone')
  const connection = await proxy.connect()
  connection.send(requestText('GET /gone', [proxy.host, patField]))
  await proxy.origin.arrived('/gone')
  connection.socket.resetAndDestroy()
  await closed
  const record = await recordOf('/gone')
  assert.equal(record['torhaus.outcome'], 'aborted')
  assert.equal(record['torhaus.code'], 'client-aborted')
  assert.equal(record['http.response.status_code'], 499)
})

test('a client that goes away in the middle of its content ends the request at the origin, incomplete', async () => {
  const closed = closedAtOrigin('/half')
  const connection = await proxy.connect()
  connection.send(requestText('POST /half', [proxy.host, proxy.bearerField, 'Content-Length: 1000'], 'x'.repeat(500)))
  const received = await proxy.origin.arrived('/half', 500)
  connection.close()
  await closed
  assert.equal(received.sha256, undefined)
  const record = await recordOf('/half')
  assert.equal(record['torhaus.outcome'], 'aborted')
  assert.equal(record['http.request.body.bytes'], 500)
})

test('chunked content that breaks off is not completed for the origin', async () => {
  const closed = closedAtOrigin('/half-chunked')
  const connection = await proxy.connect()
  connection.send(
    requestText('POST /half-chunked', [proxy.host, proxy.bearerField, 'Transfer-Encoding: chunked'], '5\r\nhello\r\n'),
  )
  const received = await proxy.origin.arrived('/half-chunked', 5)
  connection.close()
  await closed
  assert.equal(received.sha256, undefined)
})

test('a client that goes away while it reads stops the origin', async () => {
  const stopped = Promise.withResolvers<void>()
  proxy.origin.answerWith((_, response) => {
    response.on('close', () => stopped.resolve())
    const write = () => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536))) {}
    }
    response.on('drain', write)
    write()
  })
  const connection = await proxy.connect()
  connection.send(requestText('GET /reading', [proxy.host, patField]))
  await connection.head()
  connection.close()
  await stopped.promise
  assert.equal((await recordOf('/reading'))['torhaus.code'], 'client-aborted')
})

test('a client that closes its sending side is taken to have gone, as a browser that closes a tab has', async () => {
  const closed = closedAtOrigin('/half-closed')
  const connection = await proxy.connect()
  connection.send(requestText('GET /half-closed', [proxy.host, patField]))
  await proxy.origin.arrived('/half-closed')
  connection.socket.end()
  await closed
  assert.equal((await connection.rest()).length, 0)
  assert.equal((await recordOf('/half-closed'))['torhaus.code'], 'client-aborted')
})

test('an origin that goes away before its answer becomes 502, once retried where that may be done twice', async () => {
  proxy.origin.answerWith(request => request.socket.destroy())
  for (const [line, times] of [
    ['GET /dies', 2],
    ['HEAD /dies', 2],
    ['POST /dies', 1],
    ['PATCH /dies', 1],
    ['DELETE /dies', 2],
    ['PUT /dies', 2],
  ] as const) {
    const seen = proxy.origin.requests.length
    const response = await proxy.pass(line)
    assert.equal(response.status, 502)
    assert.equal(response.one('X-Torhaus-Error'), 'upstream-closed')
    assert.equal(proxy.origin.requests.length - seen, times, line)
  }
})

test('a GET with content is not sent twice', async () => {
  proxy.origin.answerWith(request => request.socket.destroy())
  const seen = proxy.origin.requests.length
  assert.equal((await proxy.pass('GET /content', ['Content-Length: 2'], 'ok')).status, 502)
  assert.equal(proxy.origin.requests.length - seen, 1)
})

test('an origin that goes away in the middle of its content breaks the connection of the client', async () => {
  proxy.origin.answerWith((_, response) => {
    response.writeHead(200, { 'Content-Length': '1000' })
    response.write('x'.repeat(500), () => setTimeout(() => response.destroy(), 20))
  })
  const connection = await proxy.connect()
  connection.send(requestText('GET /truncated', [proxy.host, patField]))
  assert.equal((await connection.head()).status, 200)
  assert.ok((await connection.rest()).length <= 500)
  const record = await recordOf('/truncated')
  assert.equal(record['torhaus.outcome'], 'aborted')
  assert.equal(record['torhaus.code'], 'response-content-aborted')
})

test('chunked content of an origin that goes away is not completed for the client', async () => {
  proxy.origin.answerWith((_, response) => {
    response.write('begun', () => setTimeout(() => response.destroy(), 20))
  })
  const connection = await proxy.connect()
  connection.send(requestText('GET /truncated-chunked', [proxy.host, patField]))
  await connection.head()
  assert.doesNotMatch((await connection.rest()).toString(), /0\r\n\r\n/)
})
