import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { RawConnection, requestText } from '../../devkit/clients/raw-http.ts'
import { type Certificate, createCertificate } from '../../devkit/torhaus/certificate.ts'
import { configured, type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

const MAX = 8
const JSON_TYPE = 'Content-Type: application/json'
let certificate: Certificate
before(async () => {
  certificate = await createCertificate('IP:127.0.0.1')
})
after(() => certificate.remove())

async function withProxy(listener: object, work: (proxy: ProxyUnderTest) => Promise<void>): Promise<void> {
  const proxy = await startProxy({ configure: configured(listener) })
  try {
    await work(proxy)
  } finally {
    await proxy.close()
  }
}

const tls = () => {
  const { certificateFile, privateKeyFile } = certificate
  return { tls: { certificateFile, privateKeyFile } }
}

const silent = async (port: number, bytes?: Buffer): Promise<Socket> => {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined).resume()
  await once(socket, 'connect')
  if (bytes !== undefined) socket.write(bytes)
  return socket
}

/** However it ended. */
const hasClosed = (socket: Socket) =>
  socket.closed ? Promise.resolve() : new Promise<unknown>(resolve => socket.on('close', resolve))
const wasRejected = (proxy: ProxyUnderTest, code: string) =>
  proxy.fixture.logged(record => record['event.action'] === 'reject' && record['torhaus.code'] === code)
const get = (proxy: ProxyUnderTest, path: string) => requestText(`GET ${path}`, [proxy.host, patField])

test('for one connection too many the one goes that has been idle longest, first of those that never asked anything', () =>
  withProxy({ maxConnections: MAX }, async proxy => {
    const used = await RawConnection.open(proxy.fixture.port)
    used.send(get(proxy, '/'))
    assert.equal((await used.response()).status, 200)
    const idle: Socket[] = []
    while (idle.length < MAX - 1) idle.push(await silent(proxy.fixture.port))
    // Time enough for a first request.
    await sleep(1200)
    used.send(get(proxy, '/later'))
    assert.equal((await used.response()).status, 200)
    const next = await silent(proxy.fixture.port)
    await hasClosed(idle[0] as Socket)
    await wasRejected(proxy, 'connection-evicted')
    // The connection of a person who has been here longest of all.
    used.send(get(proxy, '/again'))
    assert.equal((await used.response()).status, 200)
    assert.ok(idle.slice(1).every(socket => !socket.closed))
    assert.equal(await proxy.metric('torhaus_rejects_total{code="connection-evicted"}'), 1)
    for (const socket of [...idle, next]) socket.destroy()
    used.close()
  }))

test('a new connection is not closed for the next one, where others have asked once and are idle', () =>
  withProxy({ maxConnections: MAX }, async proxy => {
    const asked: RawConnection[] = []
    while (asked.length < MAX - 1) {
      const connection = await RawConnection.open(proxy.fixture.port)
      connection.send(get(proxy, '/once'))
      await connection.response()
      asked.push(connection)
    }
    const fresh = await RawConnection.open(proxy.fixture.port)
    const next = await silent(proxy.fixture.port)
    await asked[0]?.rest()
    fresh.send(get(proxy, '/first'))
    assert.equal((await fresh.response()).status, 200)
    next.destroy()
    for (const connection of [...asked, fresh]) connection.close()
  }))

test('the idle connection of a person stays, where strangers asked later, and are idle too', () =>
  withProxy({ maxConnections: MAX }, async proxy => {
    const person = await RawConnection.open(proxy.fixture.port)
    const ask = async (path: string) => {
      person.send(requestText(`GET ${path}`, [proxy.host, proxy.bearerField]))
      assert.equal((await person.response()).status, 200)
    }
    await ask('/first')
    const strangers: RawConnection[] = []
    while (strangers.length < MAX - 1) {
      const stranger = await RawConnection.open(proxy.fixture.port)
      stranger.send(requestText('GET /', [proxy.host]))
      await stranger.response()
      strangers.push(stranger)
    }
    const more: Socket[] = []
    while (more.length < MAX - 1) more.push(await silent(proxy.fixture.port))
    await strangers.at(-1)?.rest()
    await ask('/again')
    for (const connection of [person, ...strangers]) connection.close()
    for (const socket of more) socket.destroy()
  }))

test('a connection with a request in flight is never closed for another one', () =>
  withProxy({ maxConnections: MAX }, async proxy => {
    const finish = Promise.withResolvers<void>()
    proxy.origin.answerWith(async (_, response) => {
      await finish.promise
      response.end('done')
    })
    const busy: RawConnection[] = []
    while (busy.length < MAX) {
      const connection = await RawConnection.open(proxy.fixture.port)
      connection.send(get(proxy, `/slow-${busy.length}`))
      await proxy.origin.arrived(`/slow-${busy.length}`)
      busy.push(connection)
    }
    await hasClosed(await silent(proxy.fixture.port))
    await wasRejected(proxy, 'connections-full')
    finish.resolve()
    for (const connection of busy) assert.equal((await connection.response()).text, 'done')
    for (const connection of busy) connection.close()
  }))

const HELD_BACK = ['Content-Length: 1000']
const FORM = 'Content-Type: application/x-www-form-urlencoded'

for (const [what, line, fields] of [
  ['the exchange of a token', 'POST /tfs/_apis/oauth2/token', HELD_BACK],
  ['a token made up', 'POST /tfs/_apis/projects', [patField, ...HELD_BACK]],
  ['a form of ours', 'POST /.torhaus/backchannel-logout', [FORM, ...HELD_BACK]],
  ['what is read ahead', 'POST /tfs/_apis/Contribution/HierarchyQuery', [patField, JSON_TYPE, ...HELD_BACK]],
] as const) {
  test(`${what}, held back by nobody known on every connection, keeps nobody out`, () =>
    withProxy({ maxConnections: MAX }, async proxy => {
      const holding: RawConnection[] = []
      while (holding.length < MAX) {
        const connection = await RawConnection.open(proxy.fixture.port)
        connection.send(requestText(line, [proxy.host, ...fields], 'x'))
        holding.push(connection)
      }
      // Time enough for content that is on its way.
      await sleep(1200)
      assert.equal((await proxy.ask('GET /person', [proxy.bearerField])).status, 200)
      await wasRejected(proxy, 'connection-evicted')
      const ended = await proxy.fixture.logged(record => record['torhaus.code'] === 'unproven-share-exceeded')
      assert.equal(ended['http.response.status_code'], 503)
      for (const connection of holding) connection.close()
    }))
}

test('content of a person that stands still is not cut for another connection', () =>
  withProxy({ maxConnections: MAX }, async proxy => {
    const uploads: RawConnection[] = []
    while (uploads.length < MAX) {
      const connection = await RawConnection.open(proxy.fixture.port)
      connection.send(requestText(`POST /${uploads.length}`, [proxy.host, proxy.bearerField, 'Content-Length: 2'], 'x'))
      await proxy.origin.arrived(`/${uploads.length}`)
      uploads.push(connection)
    }
    await sleep(1200)
    await hasClosed(await silent(proxy.fixture.port))
    await wasRejected(proxy, 'connections-full')
    for (const connection of uploads) {
      connection.send('x')
      assert.equal((await connection.response()).status, 200)
      connection.close()
    }
  }))

test('content of nobody known that keeps the pace goes after connections that are idle', () =>
  withProxy({ maxConnections: MAX }, async proxy => {
    const sending = await RawConnection.open(proxy.fixture.port)
    const length = 3_000_000
    sending.send(requestText('POST /push', [proxy.host, patField, `Content-Length: ${length}`]))
    let sent = 0
    const send = (bytes: number) => {
      sending.send('x'.repeat(bytes))
      sent += bytes
    }
    const sends = setInterval(() => send(4000), 50)
    try {
      await proxy.origin.arrived('/push')
      const idle: RawConnection[] = []
      while (idle.length < MAX - 1) {
        const connection = await RawConnection.open(proxy.fixture.port)
        connection.send(requestText('GET /once', [proxy.host, proxy.bearerField]))
        await connection.response()
        idle.push(connection)
      }
      await sleep(1200)
      assert.equal((await proxy.ask('GET /person', [proxy.bearerField])).status, 200)
      await idle[0]?.rest()
      for (const connection of idle) connection.close()
    } finally {
      clearInterval(sends)
    }
    send(length - sent)
    assert.equal((await sending.response()).status, 200)
    sending.close()
  }))

const CLIENT_HELLO_BEGUN = Buffer.from('16030100f8010000f40303', 'hex')

for (const [what, bytes] of [
  ['that says nothing', undefined],
  ['that stops in the middle of its ClientHello', CLIENT_HELLO_BEGUN],
] as const) {
  test(`a TLS connection ${what} is closed after the handshake's own deadline`, () =>
    withProxy({ ...tls(), handshakeTimeoutMs: 1000 }, async proxy => {
      const socket = await silent(proxy.fixture.port, bytes)
      await hasClosed(socket)
      await wasRejected(proxy, 'tls-handshake-timeout')
      assert.equal(await proxy.metric('torhaus_client_connections'), 0)
    }))
}

test('what is no TLS on the TLS port is closed, and said', () =>
  withProxy(tls(), async proxy => {
    await hasClosed(await silent(proxy.fixture.port, Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')))
    await wasRejected(proxy, 'tls-handshake-failed')
  }))

test('handshakes under way, PROXY headers that have not come, and silent connections do not outlast a stop', async () => {
  const listener = { drainTimeoutMs: 1000, handshakeTimeoutMs: 120_000, trustedProxies: ['127.0.0.1'] }
  for (const more of [tls(), { ...tls(), proxyProtocol: true }, {}])
    await withProxy({ ...listener, ...more }, async proxy => {
      const sockets = await Promise.all([undefined, CLIENT_HELLO_BEGUN].map(() => silent(proxy.fixture.port)))
      await proxy.fixture.torhaus.drain()
      await Promise.all(sockets.map(hasClosed))
    })
})

test('a connection kept by empty lines, one at a time, is closed when no request comes of them', () =>
  withProxy({ keepAliveTimeoutMs: 1000, headersTimeoutMs: 1000 }, async proxy => {
    const connection = await RawConnection.open(proxy.fixture.port)
    connection.send(get(proxy, '/'))
    assert.equal((await connection.response()).status, 200)
    const drip = setInterval(() => connection.send('\r\n'), 100)
    try {
      await connection.rest()
    } finally {
      clearInterval(drip)
    }
    await wasRejected(proxy, 'request-head-timeout')
  }))

test('a client that was told that its head is late, and keeps its half open, is told of once', () =>
  withProxy({ headersTimeoutMs: 1000 }, async proxy => {
    const connections = await Promise.all(Array.from({ length: 3 }, () => RawConnection.open(proxy.fixture.port)))
    for (const connection of connections) connection.send('GET / HTTP/1.1\r\n')
    for (const connection of connections) assert.equal((await connection.response()).status, 408)
    // What is sent is read for a while, then each is closed.
    const drip = setInterval(() => connections.forEach(connection => void connection.send('x')), 100)
    await Promise.all(connections.map(({ socket }) => hasClosed(socket))).finally(() => clearInterval(drip))
    const told = proxy.fixture.log.filter(record => record['torhaus.code'] === 'request-head-timeout')
    assert.equal(told.length, connections.length)
  }))

for (const kept of [false, true]) {
  test(`a head that comes a byte at a time is cut off${kept ? ' on a kept connection, too' : ''}`, () =>
    withProxy({ headersTimeoutMs: 1000 }, async proxy => {
      const connection = await RawConnection.open(proxy.fixture.port)
      if (kept) {
        connection.send(get(proxy, '/'))
        await connection.response()
      }
      connection.send('GET / HTTP/1.1\r\nX: ')
      const drip = setInterval(() => connection.send('x'), 100)
      try {
        assert.equal((await connection.response()).status, 408)
      } finally {
        clearInterval(drip)
      }
      await wasRejected(proxy, 'request-head-timeout')
    }))
}
