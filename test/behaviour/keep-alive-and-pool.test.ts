import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { requestText } from '../../devkit/clients/raw-http.ts'
import { configured, type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

const MAX_CONNECTIONS = 4
let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy({ configure: configured({}, { maxConnections: MAX_CONNECTIONS }) })
})
after(() => proxy.close())

async function manyAtOnce(fieldOf: (index: number) => string): Promise<void> {
  proxy.origin.answerWith((request, response) => setTimeout(() => response.end(request.url), 2))
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, index) => proxy.ask(`GET /${index}`, [fieldOf(index)])),
  )
  assert.deepEqual(
    answers.map(({ status, text }) => [status, text]),
    answers.map((_, index) => [200, `/${index}`]),
  )
}

test('200 requests at once use no more connections to the origin than allowed, and all are answered', async () => {
  await manyAtOnce(() => patField)
  assert.ok(proxy.origin.peakConnections <= MAX_CONNECTIONS, `${proxy.origin.peakConnections} connections`)
})

test('requests that may not share connections do not use more of them, but for those that are just closing', async () => {
  await manyAtOnce(index => (index % 2 === 0 ? patField : proxy.bearerField))
  assert.ok(proxy.origin.peakConnections <= 2 * MAX_CONNECTIONS, `${proxy.origin.peakConnections} connections`)
})

test('requests one after the other use one connection, whatever their method', async () => {
  const before = proxy.origin.connections
  proxy.origin.answerWith((request, response) => request.resume().on('end', () => response.end('ok')))
  for (const line of ['GET /', 'HEAD /', 'POST /', 'HEAD /', 'OPTIONS /', 'DELETE /', 'HEAD /', 'PROPFIND /'])
    assert.equal(
      (
        await proxy.pass(
          line,
          line.startsWith('POST') ? ['Content-Length: 2'] : [],
          line.startsWith('POST') ? 'ok' : '',
        )
      ).status,
      200,
    )
  assert.ok(proxy.origin.connections - before <= 1, `${proxy.origin.connections - before} new connections`)
})

test('what passes through never shares a connection with what carries an identity of ours', async () => {
  proxy.origin.answerWith((_, response) => response.end('ok'))
  const seen = proxy.origin.requests.length
  for (let round = 0; round < 10; round++) {
    await proxy.ask('GET /identity', [proxy.bearerField])
    await proxy.pass('GET /pass')
  }
  const socketsOf = (target: string) =>
    new Set(
      proxy.origin.requests
        .slice(seen)
        .filter(request => request.target === target)
        .map(({ socket }) => socket),
    )
  const [identity, pass] = [socketsOf('/identity'), socketsOf('/pass')]
  assert.deepEqual(
    [...identity].filter(socket => pass.has(socket)),
    [],
  )
})

/** How many connections two rounds took, whose responses carry the field. */
async function connectionsWith(name: string, value: string, field: string, status = 200): Promise<number> {
  const seen = proxy.origin.requests.length
  for (let round = 0; round < 2; round++) {
    proxy.origin.answerWith((_, response) => response.writeHead(status, { [name]: value }).end('ok'))
    assert.equal((await proxy.ask('GET /shared', [field])).status, status)
  }
  return new Set(proxy.origin.requests.slice(seen).map(({ socket }) => socket)).size
}

const bound = () => proxy.metric('torhaus_upstream_bound_connections_total')

test('a server that says it keeps authentication on a shared connection gets no other request there', async () => {
  const before = await bound()
  for (const field of [patField, proxy.bearerField]) {
    assert.equal(await connectionsWith('Persistent-Auth', 'true', field), 2)
    assert.equal(await connectionsWith('Persistent-Auth', 'TRUE', field), 2)
  }
  assert.equal(await connectionsWith('WWW-Authenticate', 'Negotiate oYG2MIGz', patField), 2)
  assert.equal(await connectionsWith('WWW-Authenticate', 'Basic realm="x", NTLM TlRMTVNTUAAC', patField, 401), 2)
  assert.equal((await bound()) - before, 12)
})

test('a server that keeps no authentication, or only offers schemes, keeps its connections', async () => {
  const before = await bound()
  assert.equal(await connectionsWith('Persistent-Auth', 'false', patField), 1)
  assert.equal(await connectionsWith('WWW-Authenticate', 'Negotiate, NTLM, Basic realm="x"', patField, 401), 1)
  assert.equal(await bound(), before)
})

test('an origin that closes its connection after each answer is dialled anew', async () => {
  proxy.origin.answerWith((_, response) => response.writeHead(200, { Connection: 'close' }).end('ok'))
  const before = proxy.origin.connections
  for (let round = 0; round < 10; round++) assert.equal((await proxy.pass('GET /')).text, 'ok')
  assert.ok(proxy.origin.connections - before >= 10 - MAX_CONNECTIONS)
})

test('an idle connection that the origin has closed costs no request its answer', async () => {
  proxy.origin.answerWith((_, response) => response.end('ok'))
  for (let round = 0; round < 5; round++) {
    assert.equal((await proxy.pass('POST /', ['Content-Length: 2'], 'ok')).status, 200)
    proxy.origin.requests.at(-1)?.socket.end()
    await new Promise(resolve => setTimeout(resolve, 20))
  }
})

test('a client connection serves many requests', async () => {
  const connection = await proxy.connect()
  for (let round = 0; round < 50; round++) {
    connection.send(requestText('GET /', [proxy.host, patField]))
    assert.equal((await connection.response()).text, 'ok', `round ${round}`)
  }
})

test('refusals keep the client connection', async () => {
  const connection = await proxy.connect()
  for (const [line, field, status] of [
    ['GET /', 'X: y', 401],
    ['TRACE /', 'X: y', 405],
    ['GET /a#b', 'X: y', 400],
    ['GET /.torhaus/x', 'X: y', 404],
  ] as const) {
    connection.send(requestText(line, [proxy.host, field]))
    assert.equal((await connection.response()).status, status)
  }
})
