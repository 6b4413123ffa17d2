/** RFC 9110 15.5.9: a server gives an idle connection up with a 408, which may cross a request on its way. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { requestText } from '../../devkit/clients/raw-http.ts'
import { type RawOrigin, startRawOrigin } from '../../devkit/origin/raw-origin.ts'
import { type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const timeout = (fields = '') => `HTTP/1.1 408 Request Timeout\r\n${fields}Content-Length: 0\r\n\r\n`
const GIVEN_UP = timeout('Connection: close\r\n')

let origin: RawOrigin
let proxy: ProxyUnderTest
before(async () => {
  origin = await startRawOrigin()
  proxy = await startProxy({ upstreamUrl: origin.url })
})
after(async () => {
  await proxy.close()
  await origin.close()
})

/** The second request of each connection is crossed by the server's last word. Returns how often it was sent. */
async function ask(line: string, fields: readonly string[] = [], word = GIVEN_UP) {
  const used = new WeakSet<object>()
  origin.respondWith((socket, head) => {
    if (!used.has(socket)) socket.write(OK)
    else if (!head.startsWith('GET /first ')) socket.end(word)
    used.add(socket)
  })
  assert.equal((await proxy.pass('GET /first')).status, 200)
  const seen = origin.heads.length
  const response = await proxy.pass(line, fields)
  return [response.status, origin.heads.length - seen]
}

test('what may be done twice is sent again on another connection', async () => {
  for (const line of ['GET /again', 'PUT /again', 'DELETE /again', 'OPTIONS /again'])
    assert.deepEqual(await ask(line), [200, 2], line)
})

test('what may not, and an answer of a server that goes on with the connection, pass as they are', async () => {
  assert.deepEqual(await ask('POST /once'), [408, 1])
  assert.deepEqual(await ask('GET /kept', [], timeout()), [408, 1])
})

test('a 408 to the first request of a connection is its answer', async () => {
  const own = await startProxy({ upstreamUrl: origin.url })
  origin.respondWith(socket => socket.end(GIVEN_UP))
  const seen = origin.heads.length
  assert.deepEqual([(await own.pass('GET /new')).status, origin.heads.length - seen], [408, 1])
  await own.close()
})

test('a server that says 408 and nothing of an end is not sent another request on that connection', async () => {
  origin.respondWith(socket => socket.write(timeout()))
  assert.equal((await proxy.pass('GET /late')).status, 408)
  const { connections } = origin
  origin.respondWith(socket => socket.write(OK))
  const connection = await proxy.connect()
  connection.send(requestText('GET /next', [proxy.host, patField]))
  assert.equal((await connection.response()).text, 'ok')
  assert.equal(origin.connections, connections + 1)
})
