import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { requestText } from '../../devkit/clients/raw-http.ts'
import { type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy()
})
after(() => proxy.close())

async function answerTo(bytes: string) {
  const connection = await proxy.connect()
  connection.send(bytes)
  const response = await connection.response()
  return [response.status, response.one('X-Torhaus-Error')]
}

test('a request line without version, or with another major one, is no request, and never becomes one', async () => {
  const seen = proxy.origin.requests.length
  const fields = `${proxy.host}\r\n${patField}\r\n\r\n`
  for (const bytes of [
    'GET /x\r\n\r\n',
    `GET /x\r\n${fields}`,
    `GET /x HTTP/0.9\r\n${fields}`,
    `GET /x HTTP/2.0\r\n${fields}`,
  ])
    assert.deepEqual(await answerTo(bytes), [400, 'request-malformed'], bytes)
  assert.equal(proxy.origin.requests.length, seen)
})

test('a method that nobody knows is not implemented', async () => {
  for (const line of ['BREW /pot', 'get /', 'GETX /', 'G /'])
    assert.deepEqual(await answerTo(requestText(line, [proxy.host, patField])), [501, 'method-unknown'], line)
})

test('after a good request on the same connection, too', async () => {
  const connection = await proxy.connect()
  const lines = ['GET /good', 'BREW /pot'].map(line => requestText(line, [proxy.host, patField]))
  connection.send(lines.join(''))
  assert.equal((await connection.response()).status, 200)
  assert.doesNotMatch((await connection.rest()).toString(), /^HTTP\/1\.1 [24]00/)
})

test('what is no request line at all stays malformed', async () => {
  for (const bytes of [
    '\x16\x03\x01\x02\x00\x01',
    'HTTP/1.1 200 OK\r\n\r\n',
    'B@EW / HTTP/1.1\r\n\r\n',
    ' GET / HTTP/1.1\r\n\r\n',
  ])
    assert.deepEqual(await answerTo(bytes), [400, 'request-malformed'], JSON.stringify(bytes))
})

test('a name in Latin-1, percent-encoded, passes byte for byte', async () => {
  for (const target of ['/%E9', '/caf%e9/%FF?q=%E9', '/_apis/%C3%A9%E9'])
    assert.equal((await proxy.pass(`GET ${target}`)).status, 200, target)
  assert.deepEqual(
    proxy.origin.requests.slice(-3).map(({ target }) => target),
    ['/%E9', '/caf%e9/%FF?q=%E9', '/_apis/%C3%A9%E9'],
  )
})

test('TRACE and CONNECT are not available, by whatever name they come', async () => {
  const seen = proxy.origin.requests.length
  for (const [line, ...fields] of [
    ['TRACE /'],
    ['POST /?_method=TRACE'],
    ['POST /', 'X-HTTP-Method-Override: trace'],
    ['GET /', 'X-HTTP-Method: CONNECT'],
    ['GET /', 'X_Method_Override: GET, TRACE'],
  ] as const) {
    const response = await proxy.pass(line, fields)
    const said = [response.status, response.one('X-Torhaus-Error'), response.one('Allow')?.includes('TRACE')]
    assert.deepEqual(said, [405, 'method-refused', false], line)
  }
  assert.equal(proxy.origin.requests.length, seen)
  assert.equal((await proxy.pass('POST /', ['X-HTTP-Method-Override: PUT'])).status, 200)
})
