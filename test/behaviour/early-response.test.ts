import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { requestText } from '../../devkit/clients/raw-http.ts'
import { type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy()
})
after(() => proxy.close())

const LARGE_BYTES = 4 * 1024 * 1024
const large = Buffer.alloc(LARGE_BYTES, 'x')

test('large content that the origin answers early leaves the next request on the connection its answer', async () => {
  proxy.origin.answerWith((request, response) => {
    response.writeHead(413).end('too large')
    request.resume()
  })
  const connection = await proxy.connect()
  connection.send(requestText('POST /early', [proxy.host, proxy.bearerField, `Content-Length: ${LARGE_BYTES}`]))
  assert.equal((await connection.response()).text, 'too large')
  connection.send(large)
  proxy.origin.answerWith((_, response) => response.end('next'))
  connection.send(requestText('GET /next', [proxy.host, patField]))
  assert.equal((await connection.response()).text, 'next')
})

test('an early answer does not let the next request run into the rest of the content at the origin', async () => {
  proxy.origin.answerWith((_, response) => response.writeHead(413).end('too large'))
  const connection = await proxy.connect()
  connection.send(requestText('POST /early', [proxy.host, proxy.bearerField, `Content-Length: ${LARGE_BYTES}`]))
  await connection.response()
  const first = proxy.origin.requests.at(-1)
  connection.send(large).send(requestText('GET /next', [proxy.host, patField]))
  await connection.response()
  assert.notEqual(proxy.origin.requests.at(-1)?.socket, first?.socket)
  assert.equal(proxy.origin.requests.at(-1)?.target, '/next')
})

for (const [framing, encode] of [
  [`Content-Length: ${LARGE_BYTES}`, (content: Buffer) => content],
  ['Transfer-Encoding: chunked', chunk],
] as const) {
  test(`a 401 on a large upload with ${framing} can be read after all of it was sent, and the connection goes on`, async () => {
    proxy.origin.answerWith((_, response) => response.end('ok'))
    const seen = proxy.origin.requests.length
    const connection = await proxy.connect()
    connection.send(requestText('POST /push', [proxy.host, framing])).send(encode(large))
    const response = await connection.response()
    assert.equal(response.status, 401)
    assert.equal(proxy.origin.requests.length, seen)
    connection.send(requestText('GET /next', [proxy.host, patField]))
    assert.equal((await connection.response()).text, 'ok')
  })
}

function chunk(content: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${content.length.toString(16)}\r\n`), content, Buffer.from('\r\n0\r\n\r\n')])
}

test('an answer that begins before the content is complete does not end it', async () => {
  proxy.origin.answerWith((request, response, received) => {
    response.writeHead(200)
    response.flushHeaders()
    request.on('end', () => response.end(String(received.bytes)))
  })
  const connection = await proxy.connect()
  connection.send(requestText('POST /both', [proxy.host, proxy.bearerField, `Content-Length: ${LARGE_BYTES}`]))
  assert.equal((await connection.head()).status, 200)
  connection.send(large)
  assert.match((await connection.bytes(12)).toString(), /4194304/)
})

test('content without end that nobody wants is cut off in the end', async () => {
  const connection = await proxy.connect()
  connection.send(requestText('POST /endless', [proxy.host, 'Transfer-Encoding: chunked']))
  assert.equal((await connection.response()).status, 401)
  let sent = 0
  const piece = chunk(large).subarray(0, -5)
  while (connection.ended === undefined && sent < 200 * 1024 * 1024) {
    sent += piece.length
    await new Promise(resolve => connection.socket.write(piece, resolve))
  }
  assert.notEqual(connection.ended, undefined)
  assert.ok(sent < 100 * 1024 * 1024, `${sent} bytes were read`)
})
