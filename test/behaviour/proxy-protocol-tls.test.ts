import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { v1, v2 } from '../../devkit/clients/proxy-header.ts'
import { RawConnection, requestText } from '../../devkit/clients/raw-http.ts'
import { listen } from '../../devkit/op/listen.ts'
import { type Certificate, createCertificate } from '../../devkit/torhaus/certificate.ts'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { configured, type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let certificate: Certificate
let proxy: ProxyUnderTest
before(async () => {
  certificate = await createCertificate('IP:127.0.0.1')
  const { certificateFile, privateKeyFile } = certificate
  const tls = { certificateFile, privateKeyFile }
  const server = { trustedProxies: ['127.0.0.1'], proxyProtocol: true, handshakeTimeoutMs: 5000, tls }
  proxy = await startProxy({
    configure: config => configured(server)({ ...config, publicUrl: config.publicUrl.replace('http:', 'https:') }),
  })
})
after(async () => {
  await proxy.close()
  await certificate.remove()
})

/** Passes bytes on, the first ones as `first` makes them. */
async function startRelay(first: (socket: Socket, bytes: Buffer) => void): Promise<{ port: number; close(): void }> {
  const sockets = new Set<Socket>()
  const relay: Server = createServer(client => {
    const upstream = connect(proxy.fixture.port, '127.0.0.1').setNoDelay(true)
    for (const socket of [client, upstream]) sockets.add(socket.on('error', () => undefined))
    client.once('data', (bytes: Buffer) => {
      first(upstream, bytes)
      client.pipe(upstream)
    })
    upstream.pipe(client)
  })
  const close = () => {
    relay.close()
    for (const socket of sockets) socket.destroy()
  }
  return { port: await listen(relay, '127.0.0.1', 0), close }
}

type Way = (header: Buffer) => (socket: Socket, bytes: Buffer) => void

const inOneSegment: Way = header => (socket, bytes) => socket.write(Buffer.concat([header, bytes]))

const inOwnSegment: Way = header => (socket, bytes) => {
  socket.write(header)
  setTimeout(() => socket.write(bytes), 20)
}

for (const [how, first] of [
  ['in one segment with the ClientHello', inOneSegment],
  ['in a segment of its own', inOwnSegment],
] as const) {
  for (const [version, header] of [
    ['1', v1('203.0.113.7')],
    ['2', v2('203.0.113.7')],
  ] as const) {
    test(`over TLS, a header of version ${version} ${how} says the client address of each request`, async () => {
      const relay = await startRelay(first(header))
      const connection = await RawConnection.open(relay.port, { ca: certificate.certificate })
      for (let count = 0; count < 3; count++) {
        connection.send(requestText('GET /', [proxy.host, patField, 'X-Forwarded-For: 198.51.100.1']))
        const response = await connection.response()
        assert.equal(response.status, 200)
        assert.equal((await proxy.record(response))['client.address'], '203.0.113.7')
      }
      connection.close()
      relay.close()
    })
  }
}

test('over TLS, connections at the same time keep their clients apart, and all end', async () => {
  const addresses = Array.from({ length: 20 }, (_, index) => `203.0.113.${index + 1}`)
  const seen = await Promise.all(
    addresses.map(async address => {
      const relay = await startRelay(inOwnSegment(v2(address)))
      const connection = await RawConnection.open(relay.port, { ca: certificate.certificate })
      connection.send(requestText('GET /', [proxy.host, patField]))
      const record = await proxy.record(await connection.response())
      connection.close()
      relay.close()
      return record['client.address']
    }),
  )
  assert.deepEqual(seen, addresses)
  await eventually(async () => (await proxy.metric('torhaus_client_connections')) === 0, 'no connection is left')
})

test('over TLS, a ClientHello without a header before it closes the connection', async () => {
  await assert.rejects(RawConnection.open(proxy.fixture.port, { ca: certificate.certificate }))
  const record = await proxy.fixture.logged(entry => entry['torhaus.code'] === 'proxy-header-invalid')
  assert.equal(record['client.address'], '127.0.0.1')
})

test('over TLS, a handshake that fails is logged with the client that the header names', async () => {
  const { port, close } = await startRelay(inOneSegment(v2('203.0.113.9')))
  const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\n\r\n'))
  socket.on('error', () => undefined).resume()
  try {
    const record = await proxy.fixture.logged(entry => entry['torhaus.code'] === 'tls-handshake-failed')
    assert.deepEqual([record['client.address'], record['torhaus.reason']], ['203.0.113.9', 'plain-http'])
  } finally {
    socket.destroy()
    close()
  }
})

test('over TLS, a handshake that takes too long, too', async () => {
  const socket = connect(proxy.fixture.port, '127.0.0.1', () => socket.write(v2('203.0.113.10')))
  socket.on('error', () => undefined).resume()
  try {
    const record = await proxy.fixture.logged(entry => entry['torhaus.code'] === 'tls-handshake-timeout')
    assert.equal(record['client.address'], '203.0.113.10')
  } finally {
    socket.destroy()
  }
})

test('over TLS, what keeps others out and is closed for one more is logged with its client', async () => {
  const { certificateFile, privateKeyFile } = certificate
  const few = { trustedProxies: ['127.0.0.1'], proxyProtocol: true, maxConnections: 8 }
  const small = await startProxy({ configure: configured({ ...few, tls: { certificateFile, privateKeyFile } }) })
  const sockets: Socket[] = []
  const open = async (): Promise<void> => {
    const socket = connect(small.fixture.port, '127.0.0.1')
    sockets.push(socket.on('error', () => undefined).resume())
    await once(socket, 'connect')
    socket.write(v2('203.0.113.11'))
  }
  try {
    for (let count = 0; count < 9; count++) await open()
    const record = await small.fixture.logged(entry => entry['torhaus.code'] === 'connection-evicted')
    assert.equal(record['client.address'], '203.0.113.11')
  } finally {
    for (const socket of sockets) socket.destroy()
    await small.close()
  }
})
