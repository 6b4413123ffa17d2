import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type ProxyUnderTest, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy()
})
after(() => proxy.close())

const names = (fields: readonly (readonly [string, string])[] | undefined) =>
  fields?.map(([name]) => name.toLowerCase()) ?? []

test('hop-by-hop fields of a request stay here (RFC 9110 7.6.1)', async () => {
  await proxy.pass('GET /', [
    'Connection: keep-alive, X-Custom, close, te',
    'Keep-Alive: timeout=5',
    'Proxy-Connection: keep-alive',
    'Proxy-Authorization: Basic eDp5',
    'TE: trailers',
    'Trailer: X-Late',
    'Upgrade: websocket',
    'X-Custom: for this hop',
    'X-Kept: end to end',
  ])
  const received = names(proxy.origin.requests.at(-1)?.fields)
  const gone = ['keep-alive', 'proxy-connection', 'proxy-authorization', 'te', 'trailer', 'upgrade', 'x-custom']
  assert.deepEqual(
    received.filter(name => gone.includes(name)),
    [],
  )
  assert.ok(received.includes('x-kept'))
})

test('hop-by-hop fields of a response stay here, and those its Connection names', async () => {
  proxy.origin.answerWith((_, response) => {
    response.writeHead(200, [
      ...['Connection', 'X-Custom, close', 'Keep-Alive', 'timeout=77', 'Proxy-Authenticate', 'Basic', 'Upgrade', 'h2c'],
      ...['Proxy-Connection', 'close', 'Persistent-Auth', 'true', 'Alt-Svc', 'h3=":443"', 'X-Custom', 'hop'],
      ...['X-Kept', 'end to end'],
    ])
    response.end('content')
  })
  const response = await proxy.pass('GET /')
  const gone = ['proxy-authenticate', 'upgrade', 'proxy-connection', 'persistent-auth', 'alt-svc', 'x-custom']
  assert.deepEqual(
    names(response.fields).filter(name => gone.includes(name)),
    [],
  )
  assert.equal(response.one('X-Kept'), 'end to end')
  assert.equal(response.one('Connection'), 'keep-alive')
  assert.equal(response.one('Keep-Alive'), 'timeout=75')
})

test("a client's Connection: close is honoured, whatever the origin says", async () => {
  proxy.origin.answerWith((_, response) => response.writeHead(200, { Connection: 'keep-alive' }).end('content'))
  const connection = await proxy.connect()
  connection.send(
    `OPTIONS * HTTP/1.1\r\n${proxy.host}\r\nAuthorization: Bearer ${'a'.repeat(52)}\r\nConnection: close\r\n\r\n`,
  )
  const response = await connection.response()
  assert.equal(response.one('Connection'), 'close')
  assert.equal((await connection.rest()).length, 0)
})

for (const name of [
  'Host',
  'Authorization',
  'Cookie',
  'X-Remote-Account',
  'x_remote.account',
  'Content-Length',
  'Via',
  ...['Access-Control-Request-Method', 'X-HTTP-Method-Override', 'Sudo', 'Private-Token', 'X-VSS-DownloadTicket'],
]) {
  test(`a Connection field that names ${name} is refused (Traefik CVE-2024-45410)`, async () => {
    const seen = proxy.origin.requests.length
    const response = await proxy.ask('GET /', [proxy.bearerField, `Connection: close, ${name}`])
    assert.equal(response.status, 400)
    assert.equal(response.one('X-Torhaus-Error'), 'connection-field-refused')
    assert.equal(proxy.origin.requests.length, seen)
  })
}

for (const name of ['X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Proto', 'X-Request-Id']) {
  test(`a Connection field that names ${name} does not take ours away`, async () => {
    await proxy.ask('GET /', [proxy.bearerField, `Connection: ${name}`])
    assert.equal(proxy.origin.requests.at(-1)?.all(name).length, 1)
  })
}

test('an Upgrade that nobody offered passes as an ordinary request', async () => {
  proxy.origin.answerWith((request, response) => request.resume().on('end', () => response.end('ordinary')))
  const fields = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Content-Length: 5']
  const response = await proxy.pass('POST /socket', fields, 'hello')
  assert.equal(response.status, 200)
  assert.equal(proxy.origin.requests.at(-1)?.text, 'hello')
})
