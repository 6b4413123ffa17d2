import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { requestText } from '../../devkit/clients/raw-http.ts'
import { type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy()
})
after(() => proxy.close())

const head = (...fields: string[]) => requestText('POST /upload', [proxy.host, 'Content-Length: 5', ...fields])

test('without credentials the 401 comes before the content is asked for', async () => {
  const connection = await proxy.connect()
  connection.send(head('Expect: 100-continue'))
  const response = await connection.response()
  assert.equal(response.status, 401)
  assert.equal(response.informational.length, 0)
  assert.equal(proxy.origin.requests.length, 0)
})

test('that 401 ends the connection, so that content sent all the same is not read as a request (RFC 9112 9.3)', async () => {
  const connection = await proxy.connect()
  connection.send(head('Expect: 100-continue'))
  const response = await connection.response()
  assert.equal(response.status, 401)
  assert.equal(response.one('Connection'), 'close')
  connection.send(requestText('GET /smuggled', [proxy.host, patField]))
  assert.equal((await connection.rest()).length, 0)
  assert.equal(proxy.origin.requests.length, 0)
})

for (const value of ['100-continue', '100-Continue']) {
  test(`with credentials Expect: ${value} gets 100 Continue, then the answer`, async () => {
    const connection = await proxy.connect()
    connection.send(head(patField, `Expect: ${value}`))
    assert.equal((await connection.head()).status, 100)
    connection.send('hello')
    assert.equal((await connection.response()).status, 200)
    const received = proxy.origin.requests.at(-1)
    assert.equal(received?.text, 'hello')
    assert.deepEqual(received?.all('Expect'), [])
  })
}

test('content that comes without waiting for 100 Continue is taken', async () => {
  const connection = await proxy.connect()
  connection.send(`${head(patField, 'Expect: 100-continue')}hello`)
  assert.equal((await connection.response()).status, 200)
  assert.equal(proxy.origin.requests.at(-1)?.text, 'hello')
})

test('an expectation that nobody understands gets 417 and reaches nobody', async () => {
  const seen = proxy.origin.requests.length
  const response = await proxy.pass('POST /', ['Expect: the-unexpected', 'Content-Length: 0'])
  assert.equal(response.status, 417)
  assert.equal(proxy.origin.requests.length, seen)
})

test('an HTTP/1.0 client is not sent 100 Continue, which it would not know (RFC 9110 10.1.1)', async () => {
  const connection = await proxy.connect()
  connection.send(head(patField, 'Expect: 100-continue').replace('HTTP/1.1', 'HTTP/1.0'))
  connection.send('hello')
  const response = await connection.response()
  assert.equal(response.status, 200)
  assert.equal(response.informational.length, 0)
})

test('an origin that answers before the content came is heard, and the connection stays in step', async () => {
  proxy.origin.answerWith((_, response) => response.writeHead(403).end('no'))
  const connection = await proxy.connect()
  connection.send(head(patField, 'Expect: 100-continue'))
  const response = await connection.response()
  assert.equal(response.status, 403)
  connection.send('hello')
  connection.send(requestText('GET /next', [proxy.host, patField]))
  assert.equal((await connection.response()).status, 403)
})
