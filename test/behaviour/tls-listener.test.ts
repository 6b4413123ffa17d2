import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { connect } from 'node:tls'
import { RawConnection, requestText } from '../../devkit/clients/raw-http.ts'
import { type Certificate, createCertificate } from '../../devkit/torhaus/certificate.ts'
import { type ProxyUnderTest, patField, servingTls, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let certificate: Certificate
let proxy: ProxyUnderTest
let modern: ProxyUnderTest
before(async () => {
  certificate = await createCertificate('IP:127.0.0.1')
  const { certificateFile, privateKeyFile } = certificate
  const start = (more: object) => startProxy({ configure: servingTls({ certificateFile, privateKeyFile, ...more }) })
  proxy = await start({})
  modern = await start({ profile: 'modern' })
})
after(async () => {
  await proxy.close()
  await modern.close()
  await certificate.remove()
})

const open = ({ fixture }: ProxyUnderTest) => RawConnection.open(fixture.port, { ca: certificate.certificate })

test('requests over TLS pass, and the origin is told the scheme', async () => {
  const connection = await open(proxy)
  connection.send(requestText('GET /', [proxy.host, patField]))
  assert.equal((await connection.response()).status, 200)
  assert.deepEqual(proxy.origin.requests.at(-1)?.all('X-Forwarded-Proto'), ['https'])
  connection.close()
})

test('a public https URL makes cookies Secure and ties them to the host', async () => {
  const connection = await open(proxy)
  connection.send(requestText('GET /.torhaus/sign-in', [proxy.host, 'Accept: text/html']))
  const cookie = (await connection.response()).one('Set-Cookie') ?? ''
  assert.match(cookie, /^__Host-Http-torhaus-sign-in=/)
  for (const attribute of ['Secure', 'HttpOnly', 'SameSite=Lax', 'Path=/'])
    assert.ok(cookie.includes(attribute), cookie)
  assert.doesNotMatch(cookie, /domain/i)
  connection.close()
})

async function handshakes(
  { fixture }: ProxyUnderTest,
  maxVersion: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3',
): Promise<boolean> {
  const options = { minVersion: 'TLSv1' as const, maxVersion, ciphers: 'DEFAULT@SECLEVEL=0' }
  const socket = connect({ host: '127.0.0.1', port: fixture.port, ca: certificate.certificate, ...options })
  const isSecure = await once(socket, 'secureConnect').then(
    () => true,
    () => false,
  )
  socket.destroy()
  return isSecure
}

test('TLS 1.2 and 1.3 are spoken, older versions are not', async () => {
  assert.deepEqual(
    [await handshakes(proxy, 'TLSv1.1'), await handshakes(proxy, 'TLSv1.2'), await handshakes(proxy, 'TLSv1.3')],
    [false, true, true],
  )
})

test('the modern profile speaks TLS 1.3 alone', async () => {
  assert.deepEqual([await handshakes(modern, 'TLSv1.2'), await handshakes(modern, 'TLSv1.3')], [false, true])
})

test('plain HTTP on the TLS port is turned away, and others go on', async () => {
  const plain = await RawConnection.open(proxy.fixture.port)
  plain.send(requestText('GET /', [proxy.host, patField]))
  assert.doesNotMatch((await plain.rest()).toString('latin1'), /^HTTP\/1\.1 [23]/)
  const connection = await open(proxy)
  connection.send(requestText('GET /', [proxy.host, patField]))
  assert.equal((await connection.response()).status, 200)
  connection.close()
})
