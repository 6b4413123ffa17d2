/** Clients and balancers keep connections in reserve: a 408 on one would be read as the answer to its next request. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { v1 } from '../../devkit/clients/proxy-header.ts'
import { RawConnection, requestText } from '../../devkit/clients/raw-http.ts'
import { type Certificate, createCertificate } from '../../devkit/torhaus/certificate.ts'
import { configured, type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

const short = { headersTimeoutMs: 1000, keepAliveTimeoutMs: 1000 }
let certificate: Certificate
const proxies = new Map<string, ProxyUnderTest>()
before(async () => {
  certificate = await createCertificate('IP:127.0.0.1')
  const { certificateFile, privateKeyFile } = certificate
  const proxied = { trustedProxies: ['127.0.0.1'], proxyProtocol: true }
  const tls = { tls: { certificateFile, privateKeyFile } }
  for (const [way, listener] of Object.entries({ plain: {}, TLS: tls, 'the PROXY protocol': proxied }))
    proxies.set(way, await startProxy({ configure: configured({ ...short, ...listener }) }))
})
after(async () => {
  for (const proxy of proxies.values()) await proxy.close()
  await certificate.remove()
})

const EMPTY_LINES = ['', '\r\n', '\r\n\r\n\r\n']

for (const way of ['plain', 'TLS', 'the PROXY protocol']) {
  const opened = async () => {
    const proxy = proxies.get(way) as ProxyUnderTest
    const tls = way === 'TLS' ? { ca: certificate.certificate } : undefined
    const connection = await RawConnection.open(proxy.fixture.port, tls)
    if (way === 'the PROXY protocol') connection.send(v1('203.0.113.7'))
    return { proxy, connection }
  }
  const used = async () => {
    const { proxy, connection } = await opened()
    connection.send(requestText('GET /', [proxy.host, patField]))
    assert.equal((await connection.response()).status, 200)
    return connection
  }

  test(`${way}: a connection on which no request has begun is closed in its time without an answer`, async () => {
    const closed = EMPTY_LINES.map(async lines => {
      const { connection } = await opened()
      const rest = await connection.send(lines).rest()
      return [rest.toString('latin1'), connection.ended]
    })
    assert.deepEqual(
      await Promise.all(closed),
      EMPTY_LINES.map(() => ['', 'end']),
    )
    const { fixture } = proxies.get(way) as ProxyUnderTest
    await fixture.logged(record => record['torhaus.code'] === 'request-head-timeout')
  })

  test(`${way}: so is one that was answered before`, async () => {
    const closed = EMPTY_LINES.map(async lines => (await (await used()).send(lines).rest()).toString('latin1'))
    assert.deepEqual(
      await Promise.all(closed),
      EMPTY_LINES.map(() => ''),
    )
  })

  test(`${way}: a request that has begun and does not go on is answered with 408, the first and a later one`, async () => {
    const begun = ['G', '\r\nGET / HTTP/1.1\r\n'].flatMap(text =>
      [async () => (await opened()).connection, used].map(async open => {
        const connection = (await open()).send(text)
        const { status } = await connection.response()
        connection.close()
        return status
      }),
    )
    assert.deepEqual(await Promise.all(begun), [408, 408, 408, 408])
  })
}
