import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { requestText } from '../../devkit/clients/raw-http.ts'
import { type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy()
})
after(() => proxy.close())

/** Content that breaks the chunked coding (RFC 9112 7.1) after it began well. */
const broken: Record<string, string> = {
  'a chunk extension that ends with a bare LF': '5;ext\nhello\r\n0\r\n\r\n',
  'a chunk size that ends with a bare LF': '5\nhello\r\n0\r\n\r\n',
  'a chunk that is longer than its size': '5\r\nhello!\r\n0\r\n\r\n',
  'a chunk that ends with a bare LF': '5\r\nhello\n0\r\n\r\n',
  'a chunk size beyond 64 bits': 'fffffffffffffffff\r\nhello\r\n0\r\n\r\n',
  'a chunk size with a sign': '+5\r\nhello\r\n0\r\n\r\n',
  'a chunk size with 0x': '0x5\r\nhello\r\n0\r\n\r\n',
  'an empty chunk size': '\r\nhello\r\n0\r\n\r\n',
  'chunk extensions without end': `5;${'x'.repeat(20_000)}\r\nhello\r\n0\r\n\r\n`,
  'a trailer with white space before its colon': '0\r\nX-Trailer : 1\r\n\r\n',
  'a folded trailer': '0\r\nX-Trailer: 1\r\n 2\r\n\r\n',
}

for (const [what, bytes] of Object.entries(broken)) {
  test(`${what} gets 400 and a closed connection, and the origin never sees the content complete`, async () => {
    const seen = proxy.origin.requests.length
    const connection = await proxy.connect()
    connection.send(
      requestText('POST /broken', [proxy.host, patField, 'Transfer-Encoding: chunked'], `2\r\nok\r\n${bytes}`),
    )
    connection.send(requestText('GET /smuggled', [proxy.host, patField]))
    const response = await connection.response()
    assert.equal(response.status, 400)
    assert.equal(response.one('X-Torhaus-Error'), 'request-malformed')
    assert.equal((await connection.rest()).toString(), '')
    assert.equal((await proxy.pass('GET /after')).status, 200)
    const received = proxy.origin.requests.slice(seen).filter(request => request.target !== '/after')
    assert.deepEqual(
      received.filter(request => request.target !== '/broken' || request.sha256 !== undefined),
      [],
    )
  })
}

test('content that breaks off in a bad chunk leaves one access record that says so', async () => {
  const connection = await proxy.connect()
  const fields = [proxy.host, patField, 'Transfer-Encoding: chunked']
  connection.send(requestText('POST /recorded', fields, '5\r\nhello!'))
  await connection.rest()
  const record = await proxy.fixture.logged(entry => entry['url.path'] === '/recorded')
  assert.equal(record['torhaus.code'], 'request-malformed')
  assert.equal(record['http.response.status_code'], 400)
})

test('a bad chunk after the response began breaks the connection instead of writing into the response', async () => {
  proxy.origin.answerWith((_, response) => {
    response.writeHead(200, { 'Content-Length': '1000' })
    response.write('begun')
  })
  const connection = await proxy.connect()
  connection.send(requestText('POST /early', [proxy.host, patField, 'Transfer-Encoding: chunked'], '2\r\nok\r\n'))
  assert.equal((await connection.head()).status, 200)
  assert.equal((await connection.bytes(5)).toString(), 'begun')
  connection.send('zz\r\n')
  assert.equal((await connection.rest()).toString(), '')
})

test('garbage behind a request that is being answered does not take the place of its response', async () => {
  proxy.origin.answerWith((_, response) => setTimeout(() => response.end('late'), 50))
  const connection = await proxy.connect()
  connection.send(requestText('GET /slow', [proxy.host, patField]))
  connection.send('garbage\r\n\r\n')
  const answer = (await connection.rest()).toString()
  assert.doesNotMatch(answer, /^HTTP\/1\.1 400/)
})

test('well-formed chunk extensions are taken off, and the content goes on', async () => {
  proxy.origin.answerWith((request, response, received) => request.on('end', () => response.end(received.text)))
  const fields = ['Transfer-Encoding: chunked']
  const response = await proxy.pass('POST /extension', fields, '5;name="va;lue"\r\nhello\r\n0\r\n\r\n')
  assert.equal(response.text, 'hello')
})
