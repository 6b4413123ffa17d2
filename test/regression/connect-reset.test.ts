/**
 * Node lets go of a connection that asks with CONNECT, and of its errors: one that nobody heard ended the worker, with all
 * the requests in it.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { type Certificate, createCertificate } from '../../devkit/torhaus/certificate.ts'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { configured, type ProxyUnderTest, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let certificate: Certificate
before(async () => {
  certificate = await createCertificate('IP:127.0.0.1')
})
after(() => certificate.remove())

const ATTEMPTS = 20
const CONNECT = 'CONNECT other.example:443 HTTP/1.1\r\nHost: other.example:443\r\n\r\n'

/** Reads the refusal, and resets the connection. */
async function resetAfterRefusal(port: number, isTls: boolean): Promise<void> {
  const tcp = connect(port, '127.0.0.1')
  const socket = isTls ? connectTls({ socket: tcp, ca: certificate.certificate, host: '127.0.0.1' }) : tcp
  await once(socket, isTls ? 'secureConnect' : 'connect')
  socket.write(CONNECT)
  const [answer] = (await once(socket, 'data')) as [Buffer]
  assert.match(answer.toString(), /^HTTP\/1\.1 405 /)
  socket.on('error', () => undefined)
  tcp.resetAndDestroy()
}

const noneLeft = (proxy: ProxyUnderTest) =>
  eventually(async () => (await proxy.metric('torhaus_client_connections')) === 0, 'no connection is left')

for (const isTls of [false, true])
  test(`whoever is refused CONNECT and resets the connection ends no process${isTls ? ', over TLS neither' : ''}`, async () => {
    const { certificateFile, privateKeyFile } = certificate
    const tls = isTls ? { tls: { certificateFile, privateKeyFile } } : {}
    const proxy = await startProxy({ configure: configured(tls) })
    try {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) await resetAfterRefusal(proxy.fixture.port, isTls)
      await noneLeft(proxy)
    } finally {
      await proxy.close()
    }
  })

test('whoever is refused CONNECT and says no more is closed with', async () => {
  const proxy = await startProxy()
  try {
    const socket = connect(proxy.fixture.port, '127.0.0.1')
    socket.write(CONNECT)
    socket.resume()
    await once(socket, 'end')
    socket.end()
    await noneLeft(proxy)
  } finally {
    await proxy.close()
  }
})
