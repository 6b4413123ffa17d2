import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { chunked, requestText } from '../../devkit/clients/raw-http.ts'
import { type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy()
})
after(() => proxy.close())

/**
 * Request heads and contents that two parsers might frame differently (RFC 9112 6.3, 11.2), and the status they get.
 */
const refused: Record<string, [status: number, bytes: string]> = {
  'Content-Length and Transfer-Encoding together': [
    400,
    post('Content-Length: 5', 'Transfer-Encoding: chunked') + chunked('hello'),
  ],
  'two Content-Length fields that differ': [400, `${post('Content-Length: 5', 'Content-Length: 6')}hello!`],
  'two Content-Length fields that agree': [400, `${post('Content-Length: 5', 'Content-Length: 5')}hello`],
  'a Content-Length with a list': [400, `${post('Content-Length: 5, 5')}hello`],
  'a negative Content-Length': [400, `${post('Content-Length: -5')}hello`],
  'a Content-Length with a plus sign': [400, `${post('Content-Length: +5')}hello`],
  'a hexadecimal Content-Length': [400, `${post('Content-Length: 0x5')}hello`],
  'an empty Content-Length': [400, `${post('Content-Length: ')}hello`],
  'a Content-Length beyond 64 bits': [400, `${post('Content-Length: 18446744073709551617')}hello`],
  'a transfer coding before chunked': [501, post('Transfer-Encoding: gzip, chunked') + chunked('hello')],
  'chunked that is not the last coding': [400, post('Transfer-Encoding: chunked, gzip') + chunked('hello')],
  'chunked twice in one field': [400, post('Transfer-Encoding: chunked, chunked') + chunked('hello')],
  'chunked in two fields': [400, post('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked') + chunked('hello')],
  'a coding that only looks like chunked': [501, post('Transfer-Encoding: xchunked') + chunked('hello')],
  'the coding identity': [501, `${post('Transfer-Encoding: identity')}hello`],
  'a quoted coding': [501, post('Transfer-Encoding: "chunked"') + chunked('hello')],
  'white space before the colon': [400, post('Transfer-Encoding : chunked') + chunked('hello')],
  'an empty field name': [400, `${post(': value', 'Content-Length: 5')}hello`],
  'a folded field line': [400, `${post('X-Folded: one\r\n two', 'Content-Length: 5')}hello`],
  'a folded Transfer-Encoding': [400, post('Transfer-Encoding:\r\n chunked') + chunked('hello')],
  'a bare LF at the end of a line': [400, `${post('X-One: 1\nX-Two: 2', 'Content-Length: 5')}hello`],
  'a bare CR within a line': [400, `${post('X-One: 1\rX-Two: 2', 'Content-Length: 5')}hello`],
  'a NUL in a value': [400, `${post('X-One: 1\0', 'Content-Length: 5')}hello`],
  'a blank line that is followed by the letter of another field': [400, `POST / HTTP/1.1\r\nHost: a\r\n\rX: 1\r\n\r\n`],
  'white space before the first field': [400, `POST / HTTP/1.1\r\n X: 1\r\nContent-Length: 0\r\n\r\n`],
  'a version that is not HTTP/1': [400, 'GET / HTTP/3.0\r\nHost: a\r\n\r\n'],
  'the preface of HTTP/2': [400, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  'a request line of HTTP/0.9': [400, 'GET /\r\n\r\n'],
  'what is no request line': [400, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc'],
}

function post(...fields: string[]): string {
  return ['POST /framing HTTP/1.1', 'HOST', patField, ...fields, '', ''].join('\r\n')
}

/**
 * Refused for its coding alone: where it ends is clear, and what follows on the connection is a request like any other.
 */
const framed = 'a transfer coding before chunked'

for (const [what, [status, bytes]] of Object.entries(refused)) {
  test(`${what} is refused with ${status}, and neither it nor what follows reaches anybody`, async () => {
    const seen = proxy.origin.requests.length
    const connection = await proxy.connect()
    const smuggled = what === framed ? '' : requestText('GET /smuggled', [proxy.host, patField])
    connection.send(bytes.replace('\r\nHOST\r\n', `\r\n${proxy.host}\r\n`) + smuggled)
    const response = await connection.response()
    assert.equal(response.status, status, response.statusLine)
    assert.match(response.one('X-Torhaus-Error') ?? '', /^[a-z-]+$/)
    assert.equal((await proxy.pass('GET /after')).status, 200)
    assert.deepEqual(
      proxy.origin.requests.slice(seen).map(request => request.target),
      ['/after'],
    )
  })
}

test('a request that is refused for its transfer coding leaves the connection in step', async () => {
  const connection = await proxy.connect()
  connection.send(post('Transfer-Encoding: gzip, chunked').replace('HOST', proxy.host) + chunked('hello'))
  connection.send(requestText('GET /next', [proxy.host, patField]))
  assert.equal((await connection.response()).status, 501)
  assert.equal((await connection.response()).status, 200)
})

/** The client asked for no end of the connection, so that the parser goes on. */
const last: Record<string, string> = {
  'a transfer coding in HTTP/1.0':
    post('Connection: keep-alive', 'Transfer-Encoding: chunked').replace('HTTP/1.1', 'HTTP/1.0') + chunked('hello'),
  'an expectation beside 100-continue': `${post('Expect: 100-continue, x', 'Content-Length: 5')}hello`,
}

for (const [what, bytes] of Object.entries(last)) {
  test(`${what} ends the connection, and what was read with it reaches nobody`, async () => {
    const seen = proxy.origin.requests.length
    const connection = await proxy.connect()
    const next = requestText('GET /behind', [proxy.host, patField])
    connection.send(bytes.replace('HOST', proxy.host) + next)
    assert.equal((await connection.response()).one('Connection'), 'close')
    assert.equal((await connection.rest()).length, 0)
    assert.equal((await proxy.pass('GET /after')).status, 200)
    assert.deepEqual(
      proxy.origin.requests.slice(seen).map(request => request.target),
      ['/after'],
    )
  })
}
