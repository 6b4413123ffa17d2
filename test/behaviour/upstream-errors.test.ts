import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { after, before, test } from 'node:test'
import { requestText } from '../../devkit/clients/raw-http.ts'
import { freePort } from '../../devkit/torhaus/free-port.ts'
import { configured, type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy({
    configure: configured({}, { headersTimeoutMs: 1000, bodyTimeoutMs: 1000, connectTimeoutMs: 500 }),
  })
})
after(() => proxy.close())

/** A gateway's own error: its code, an id, and nothing about what lies behind. */
async function assertError(response: Awaited<ReturnType<ProxyUnderTest['ask']>>, status: number, code: string) {
  assert.equal(response.status, status)
  assert.equal(response.one('X-Torhaus-Error'), code)
  assert.match(response.text, new RegExp(response.one('X-Request-Id') ?? 'no id'))
  assert.doesNotMatch(
    response.text + response.fields.join(),
    /ECONN|ENOTFOUND|127\.0\.0\.1|localhost|\.invalid|stack|at .*\.ts/,
  )
}

test('a refused connection becomes 502 without internals', async () => {
  const port = await freePort()
  const refused = await startProxy({ upstreamUrl: `http://127.0.0.1:${port}` })
  const response = await refused.pass('GET /')
  await assertError(response, 502, 'upstream-connect-failed')
  assert.match(String((await refused.record(response))['error.message']), /ECONNREFUSED/)
  await refused.close()
})

test('a name that does not resolve becomes 502', async () => {
  const unknown = await startProxy({ upstreamUrl: 'http://torhaus-upstream.invalid' })
  await assertError(await unknown.pass('GET /'), 502, 'upstream-connect-failed')
  await unknown.close()
})

test('TLS where the origin speaks plain HTTP becomes 502', async () => {
  const mistaken = await startProxy({ upstreamUrl: proxy.origin.url.replace('http:', 'https:') })
  await assertError(await mistaken.pass('GET /'), 502, 'upstream-tls-failed')
  await mistaken.close()
})

test('a handshake that never ends becomes 504', async () => {
  const silent = createServer(() => undefined).listen(0, '127.0.0.1')
  await new Promise(resolve => silent.once('listening', resolve))
  const address = silent.address()
  const port = typeof address === 'object' ? address?.port : 0
  const waiting = await startProxy({
    upstreamUrl: `https://127.0.0.1:${port}`,
    configure: configured({}, { connectTimeoutMs: 200 }),
  })
  await assertError(await waiting.pass('GET /'), 504, 'upstream-connect-timeout')
  await waiting.close()
  silent.close()
})

test('an origin that does not answer in time becomes 504, and hears nothing more', async () => {
  const closed = Promise.withResolvers<void>()
  proxy.origin.answerWith(request => request.socket.on('close', () => closed.resolve()))
  await assertError(await proxy.pass('GET /silent'), 504, 'upstream-headers-timeout')
  await closed.promise
})

test('content that stands still breaks the connection of the client', async () => {
  proxy.origin.answerWith((_, response) => response.write('begun'))
  const connection = await proxy.connect()
  connection.send(requestText('GET /stalled', [proxy.host, patField]))
  await connection.head()
  assert.doesNotMatch((await connection.rest()).toString(), /0\r\n\r\n/)
  const record = await proxy.fixture.logged(entry => entry['url.path'] === '/stalled')
  assert.equal(record['torhaus.code'], 'response-content-timeout')
})

test('a response that moves slowly, but moves, is not cut', async () => {
  proxy.origin.answerWith((_, response) => {
    let left = 4
    const timer = setInterval(() => {
      if (left-- > 0) return response.write('.')
      clearInterval(timer)
      return response.end()
    }, 400)
  })
  assert.equal((await proxy.pass('GET /drip')).text, '....')
})

test('a client that takes its time with its content is not blamed on the origin', async () => {
  proxy.origin.answerWith((request, response) => request.resume().on('end', () => response.end('ok')))
  const connection = await proxy.connect()
  connection.send(requestText('POST /thinking', [proxy.host, patField, 'Content-Length: 10']))
  for (const part of ['hello', 'world']) {
    await new Promise(resolve => setTimeout(resolve, 1500))
    connection.send(part)
  }
  assert.equal((await connection.response()).text, 'ok')
})
