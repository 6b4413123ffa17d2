/** Nothing of a client may reach the server past the policy: not behind a handshake, not through another protocol. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { HANDSHAKE_FIELDS } from '../../devkit/clients/handshake-fields.ts'
import { chunked, type RawConnection, requestText } from '../../devkit/clients/raw-http.ts'
import { ACCEPT, startTunnelLab, type TunnelLab } from '../../devkit/torhaus/tunnel-lab.ts'

let lab: TunnelLab
let host: string
let authorization: string
before(async () => {
  lab = await startTunnelLab()
  host = `Host: 127.0.0.1:${lab.port}`
  authorization = `Authorization: ${lab.token.Authorization}`
})
after(() => lab.close())

const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n'

const targets = () => lab.origin.requests.map(({ url }) => url)
const isUpgraded = (target: string) => lab.origin.handshakes.some(({ request }) => request.url === target)

/** The request as it arrived, without Upgrade. */
function ordinary(target: string) {
  const request = lab.origin.requests.find(({ url }) => url === target)
  assert.ok(request, `${target} did not arrive`)
  assert.deepEqual([request.headers.upgrade, request.headers['http2-settings']], [undefined, undefined])
  assert.equal(isUpgraded(target), false)
  return request
}

async function ends(connection: RawConnection, unread = ''): Promise<void> {
  assert.equal((await connection.rest()).toString(), unread)
}

for (const [when, together] of [
  ['in one segment with it', true],
  ['later', false],
] as const) {
  test(`after a handshake that the server declines, what was sent ${when} is no request`, async () => {
    const path = `/declined-${together}`
    const answer = Promise.withResolvers<void>()
    lab.origin.onHandshake(async ({ socket }) => {
      await answer.promise
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno')
    })
    const connection = await lab.handshake(path, [authorization], together ? SMUGGLED : '')
    const handshake = await lab.origin.arrived(path)
    if (!together) connection.send(SMUGGLED)
    answer.resolve()
    const response = await connection.response()
    assert.deepEqual([response.status, response.text, response.one('Connection')], [200, 'no', 'close'])
    await ends(connection)
    assert.equal(handshake.received, '')
  })
}

test('after a handshake that Torhaus refuses, what was sent with it is no request', async () => {
  const connection = await lab.handshake('/refused', [], SMUGGLED)
  assert.equal((await connection.response()).status, 401)
  await ends(connection)
  assert.ok(!targets().includes('/smuggled'))
})

test('a connection to the server whose handshake was declined is clean when it is used again', async () => {
  const own = await startTunnelLab()
  own.origin.ignoreUpgrades()
  const connection = await own.handshake('/reused', undefined, SMUGGLED)
  assert.equal((await connection.response()).text, 'a page')
  await ends(connection)
  assert.equal((await fetch(`${own.url}/after`, { headers: own.token })).status, 200)
  const paths = own.origin.requests.map(({ url, socket }) => [url, socket === own.origin.requests[0]?.socket])
  assert.deepEqual(paths, [
    ['/reused', true],
    ['/after', true],
  ])
  await own.close()
})

const ok101 = ['Connection: Upgrade', 'Upgrade: websocket', `Sec-WebSocket-Accept: ${ACCEPT}`]
for (const [name, lines] of [
  ['no Sec-WebSocket-Accept', ok101.slice(0, 2)],
  ['the Accept of another key', [...ok101.slice(0, 2), 'Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=']],
  ['two of them', [...ok101, ok101[2]]],
  ['another protocol', ['Connection: Upgrade', 'Upgrade: h2c', ok101[2]]],
  ['two protocols', ['Upgrade: h2c', ...ok101]],
  ['no Connection: Upgrade', ok101.slice(1)],
] as const) {
  test(`a 101 with ${name} opens no tunnel`, async () => {
    const path = `/101-${name.replaceAll(/\W/g, '')}`
    lab.origin.onHandshake(({ socket }) => {
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`)
    })
    const connection = await lab.handshake(path, [authorization], SMUGGLED)
    const response = await connection.response()
    assert.deepEqual([response.status, response.one('X-Torhaus-Error')], [502, 'upstream-response-invalid'])
    await ends(connection)
    const { socket, received } = await lab.origin.arrived(path)
    if (!socket.readableEnded) await once(socket, 'end')
    assert.equal(received, '')
  })
}

for (const [name, fields] of [
  ['h2c', ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA']],
  ['h2c without settings', ['Connection: Upgrade', 'Upgrade: h2c']],
  ['TLS', ['Connection: Upgrade', 'Upgrade: TLS/1.0']],
  ['h2c or websocket', ['Connection: Upgrade', 'Upgrade: h2c, websocket', ...HANDSHAKE_FIELDS.slice(2)]],
  ['two Upgrade lines', ['Connection: Upgrade', 'Upgrade: websocket', 'Upgrade: h2c', ...HANDSHAKE_FIELDS.slice(2)]],
] as const) {
  test(`an upgrade to ${name} is not offered to the server, and what follows is no request either`, async () => {
    const path = `/to-${name.replaceAll(/\W/g, '')}`
    const connection = await lab.raw()
    connection.send(requestText(`GET ${path}`, [host, authorization, ...fields]) + SMUGGLED)
    const response = await connection.response()
    assert.deepEqual([response.status, response.text, response.one('Connection')], [200, 'a page', 'close'])
    ordinary(path)
    await ends(connection)
    assert.ok(!targets().includes('/smuggled'))
  })
}

test('a handshake with content is an ordinary request: the content is content', async () => {
  const connection = await lab.raw()
  const fields = [host, authorization, ...HANDSHAKE_FIELDS, 'Content-Length: 7']
  connection.send(requestText('GET /with-content', fields, 'content') + SMUGGLED)
  assert.equal((await connection.response()).text, 'a page')
  assert.equal(ordinary('/with-content').headers['content-length'], '7')
  await ends(connection)
  const other = await lab.raw()
  const coded = [host, authorization, ...HANDSHAKE_FIELDS, 'Transfer-Encoding: chunked']
  other.send(requestText('GET /with-chunks', coded, chunked(SMUGGLED)))
  assert.equal((await other.response()).text, 'a page')
  ordinary('/with-chunks')
  await ends(other)
  assert.ok(!targets().includes('/smuggled'))
})

for (const method of ['POST', 'HEAD', 'OPTIONS']) {
  test(`a handshake by ${method} is an ordinary request`, async () => {
    const connection = await lab.raw()
    connection.send(requestText(`${method} /by-${method}`, [host, authorization, ...HANDSHAKE_FIELDS]))
    assert.equal((await connection.response({ toHead: method === 'HEAD' })).status, 200)
    ordinary(`/by-${method}`)
  })
}

test('a handshake in HTTP/1.0 is an ordinary request', async () => {
  const connection = await lab.raw()
  connection.send(`GET /by-1.0 HTTP/1.0\r\n${[host, authorization, ...HANDSHAKE_FIELDS].join('\r\n')}\r\n\r\n`)
  assert.equal((await connection.response()).status, 200)
  ordinary('/by-1.0')
})

test('Upgrade without Connection: Upgrade is an ordinary request', async () => {
  const connection = await lab.raw()
  connection.send(requestText('GET /not-named', [host, authorization, ...HANDSHAKE_FIELDS.slice(1)]))
  assert.equal((await connection.response()).status, 200)
  ordinary('/not-named')
})

test('a handshake behind a request that is not answered yet is an ordinary request, answered after it', async () => {
  const connection = await lab.raw()
  connection.send(
    requestText('GET /first', [host, authorization]) +
      requestText('GET /second', [host, authorization, ...HANDSHAKE_FIELDS]),
  )
  assert.equal((await connection.response()).text, 'a page')
  assert.equal((await connection.response()).one('Connection'), 'close')
  ordinary('/second')
  await ends(connection)
})

test('a handshake on a connection that served a request before is a handshake', async () => {
  lab.origin.onHandshake(({ socket }) => {
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${ok101.join('\r\n')}\r\n\r\n`)
  })
  const connection = await lab.raw()
  connection.send(requestText('GET /before', [host, authorization]))
  assert.equal((await connection.response()).status, 200)
  connection.send(requestText('GET /then', [host, authorization, ...HANDSHAKE_FIELDS]))
  assert.equal((await connection.head()).status, 101)
})
