import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { chunked } from '../../devkit/clients/raw-http.ts'
import { type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy()
})
after(() => proxy.close())

const http10 = (...fields: string[]) => ['POST /old HTTP/1.0', proxy.host, patField, ...fields, '', ''].join('\r\n')

test('an HTTP/1.0 client gets content without chunks, and the end of the connection as its end', async () => {
  proxy.origin.answerWith((_, response) => {
    response.write('one ')
    response.end('two')
  })
  const connection = await proxy.connect()
  connection.send(http10('Content-Length: 0'))
  const response = await connection.response()
  assert.equal(response.one('Transfer-Encoding'), undefined)
  assert.equal(response.one('Connection'), 'close')
  assert.equal(response.text, 'one two')
})

test('an HTTP/1.0 client gets no chunks even where it asks for them (RFC 9112 6.1)', async () => {
  proxy.origin.answerWith((_, response) => {
    response.write('one ')
    response.end('two')
  })
  for (const fields of [['TE: chunked'], ['TE: chunked', 'Connection: keep-alive']]) {
    const connection = await proxy.connect()
    connection.send(http10('Content-Length: 0', ...fields))
    const response = await connection.response()
    assert.deepEqual([response.one('Transfer-Encoding'), response.one('Connection')], [undefined, 'close'])
    assert.equal(response.text, 'one two')
  }
})

test('an HTTP/1.0 client may keep its connection where the length is known', async () => {
  proxy.origin.answerWith((_, response) => response.writeHead(200, { 'Content-Length': '3' }).end('one'))
  const connection = await proxy.connect()
  for (const round of [1, 2]) {
    connection.send(http10('Content-Length: 0', 'Connection: keep-alive'))
    const response = await connection.response()
    assert.equal(response.text, 'one', `round ${round}`)
    assert.equal(response.one('Connection'), 'keep-alive')
  }
})

test('a Transfer-Encoding in HTTP/1.0 is refused or ends the connection (RFC 9112 6.1)', async () => {
  const seen = proxy.origin.requests.length
  const connection = await proxy.connect()
  connection.send(
    http10('Transfer-Encoding: chunked', 'Connection: keep-alive') + chunked('hello') + http10('Content-Length: 0'),
  )
  await connection.response()
  assert.equal((await connection.rest()).length, 0)
  assert.ok(proxy.origin.requests.length <= seen + 1)
})

test('an HTTP/1.0 client is spared trailers and informational responses', async () => {
  proxy.origin.answerWith((_, response) => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload' })
    response.writeHead(200, { Trailer: 'X-Late' })
    response.write('content')
    response.addTrailers({ 'X-Late': 'trailer' })
    response.end()
  })
  const connection = await proxy.connect()
  connection.send(http10('Content-Length: 0'))
  const response = await connection.response()
  assert.equal(response.informational.length, 0)
  assert.equal(response.text, 'content')
  assert.equal((await proxy.pass('GET /after')).status, 200)
})
