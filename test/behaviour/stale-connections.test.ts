/** RFC 9110 9.2.2: what may be done twice is sent again where a connection proves dead before any answer. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { chunked, requestText } from '../../devkit/clients/raw-http.ts'
import { type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

const ROUNDS = 100
const SHORT = 'content that is short'

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy()
})
after(() => proxy.close())

/**
 * The origin answers one request on a connection, and closes when the next one comes, as if it had closed just before.
 */
function closeAfterOne() {
  const used = new WeakSet<object>()
  proxy.origin.answerWith((request, response, received) => {
    if (used.has(request.socket)) return request.socket.resetAndDestroy()
    used.add(request.socket)
    return request.resume().on('end', () => response.end(received.text))
  })
}

const requests: Record<string, readonly [string, readonly string[], string]> = {
  'PUT with a length': ['PUT /x', [`Content-Length: ${SHORT.length}`], SHORT],
  'PUT in chunks': ['PUT /x', ['Transfer-Encoding: chunked'], chunked(SHORT)],
  'PUT without content': ['PUT /x', [], ''],
  'DELETE with content': ['DELETE /x', [`Content-Length: ${SHORT.length}`], SHORT],
  'DELETE without content': ['DELETE /x', [], ''],
}

for (const [what, [line, fields, content]] of Object.entries(requests)) {
  test(`of ${ROUNDS} requests ${what} on stale connections none is lost, and all arrive whole`, async () => {
    closeAfterOne()
    for (let round = 0; round < ROUNDS; round++) {
      const response = await proxy.pass(line, fields, content)
      assert.deepEqual([response.status, response.text], [200, content === '' ? '' : SHORT], `round ${round}`)
    }
  })
}

test('content that comes in two parts is sent again from its beginning', async () => {
  let socket: object | undefined
  const first = Promise.withResolvers<void>()
  proxy.origin.answerWith((request, response, received) => {
    if (socket === undefined) {
      socket = request.socket
      request.on('data', () => {
        request.socket.resetAndDestroy()
        first.resolve()
      })
    } else request.resume().on('end', () => response.end(received.text))
  })
  const connection = await proxy.connect()
  connection.send(requestText('PUT /parts', [proxy.host, patField, 'Content-Length: 10'], 'hello'))
  await first.promise
  connection.send('world')
  assert.equal((await connection.response()).text, 'helloworld')
})

test('content that is too long to keep is not sent again, nor what may not be done twice', async () => {
  const long = 'x'.repeat(200_000)
  for (const [line, content, ...fields] of [
    ['PUT /long', long],
    ['POST /short', SHORT],
    ['PATCH /short', SHORT],
    ['PUT /as-post', SHORT, 'X-HTTP-Method-Override: POST'],
  ] as const) {
    const seen = proxy.origin.requests.length
    proxy.origin.answerWith(request => request.on('end', () => request.socket.resetAndDestroy()))
    assert.equal((await proxy.pass(line, [`Content-Length: ${content.length}`, ...fields], content)).status, 502, line)
    assert.equal(proxy.origin.requests.length - seen, 1, line)
  }
})

for (const [who, credentials] of [
  ['somebody known', () => patField],
  // Its content was kept before it went on.
  ['a token nobody knows', (digit: number) => `Authorization: Basic ${btoa(`:${String(digit).repeat(52)}`)}`],
] as const) {
  test(`content of ${who}, of some length, is sent again whole`, async () => {
    const content = 'x'.repeat(40_000)
    for (const [digit, fields, encoded] of [
      [2, [`Content-Length: ${content.length}`], content],
      [3, ['Transfer-Encoding: chunked'], chunked(content)],
    ] as const) {
      closeAfterOne()
      assert.equal((await proxy.pass('GET /first')).status, 200)
      const response = await proxy.ask('PUT /kept', [credentials(digit), ...fields], encoded)
      assert.deepEqual([response.status, response.text === content], [200, true], fields[0])
    }
  })
}
