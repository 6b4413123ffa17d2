/** Why a TLS handshake failed, as the log says it. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect as connectPlain } from 'node:net'
import { after, before, test } from 'node:test'
import { type ConnectionOptions, connect } from 'node:tls'
import { promisify } from 'node:util'
import type { Logger } from 'pino'
import { type Certificate, createCertificate } from '../../devkit/torhaus/certificate.ts'
import { type ProxyUnderTest, servingTls, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'
import { RejectLog } from '../../src/observability/reject-log.ts'
import { createClientAuthorities } from '../certificates/client-authority.ts'

let certificate: Certificate
let proxy: ProxyUnderTest
before(async () => {
  certificate = await createCertificate('IP:127.0.0.1')
  const { certificateFile, privateKeyFile } = certificate
  proxy = await startProxy({ configure: servingTls({ certificateFile, privateKeyFile }) })
})
after(async () => {
  await proxy.close()
  await certificate.remove()
})

const records = (reason: string) =>
  proxy.fixture.log.filter(
    record => record['torhaus.code'] === 'tls-handshake-failed' && record['torhaus.reason'] === reason,
  )

async function handshake(options: ConnectionOptions): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port: proxy.fixture.port, ca: certificate.certificate, ...options })
  await assert.rejects(once(socket, 'secureConnect'))
  socket.destroy()
}

async function plain(bytes: Buffer): Promise<void> {
  const socket = connectPlain(proxy.fixture.port, '127.0.0.1')
  socket.on('error', () => undefined).resume()
  socket.end(bytes)
  await once(socket, 'close')
}

/** Node ends the connection without an alert; openssl says what is wrong with the certificate. */
async function untrusting(): Promise<void> {
  const args = ['s_client', '-connect', `127.0.0.1:${proxy.fixture.port}`, '-verify_return_error']
  await assert.rejects(promisify(execFile)('openssl', args, { timeout: 60_000 }))
}

const FAILURES: Record<string, () => Promise<void>> = {
  version: () => handshake({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }),
  cipher: () => handshake({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' }),
  group: () => handshake({ minVersion: 'TLSv1.3', ecdhCurve: 'secp521r1' }),
  signature: () => handshake({ minVersion: 'TLSv1.3', sigalgs: 'ed25519' }),
  'plain-http': () => plain(Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')),
  'not-tls': () => plain(Buffer.from('SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7\r\n')),
  'refused-by-client': untrusting,
}

for (const [reason, fail] of Object.entries(FAILURES))
  test(`a handshake that fails is a record with the reason ${reason}`, async () => {
    assert.equal(records(reason).length, 0)
    await fail()
    const record = await proxy.fixture.logged(other => other['torhaus.reason'] === reason)
    assert.partialDeepStrictEqual(record, { 'event.action': 'reject', 'client.address': '127.0.0.1' })
  })

test('a certificate of a client for P-521 is of another group where it has TLS 1.2 alone', async () => {
  using authorities = createClientAuthorities()
  const [keyFile, certificateFile] = [authorities.file('card.key'), authorities.file('card.pem')]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp521r1', '-noenc']
  const made = ['req', '-x509', ...curve, '-subj', '/CN=card', '-keyout', keyFile, '-out', certificateFile]
  await promisify(execFile)('openssl', made)
  const { certificateFile: own, privateKeyFile } = certificate
  const clientCertificates = { caFile: authorities.root.certificateFile }
  const asking = await startProxy({
    configure: servingTls({ certificateFile: own, privateKeyFile, clientCertificates }),
  })
  try {
    const card = { cert: readFileSync(certificateFile), key: readFileSync(keyFile), ca: certificate.certificate }
    const socket = connect({ host: '127.0.0.1', port: asking.fixture.port, maxVersion: 'TLSv1.2', ...card })
    await assert.rejects(once(socket, 'secureConnect'))
    const record = await asking.fixture.logged(other => other['torhaus.code'] === 'tls-handshake-failed')
    assert.equal(record['torhaus.reason'], 'group')
  } finally {
    await asking.close()
  }
})

test('many of one reason are counted, and leave room for another', () => {
  const records: Record<string, unknown>[] = []
  const add = (record: Record<string, unknown>) => records.push(record)
  let nowMs = 0
  const log = new RejectLog({ info: add, warn: add } as unknown as Logger, () => nowMs)
  for (let count = 0; count < 60; count++) log.write('tls-handshake-failed', '192.0.2.1', 'plain-http')
  log.write('tls-handshake-failed', '192.0.2.1', 'cipher')
  assert.equal(records.filter(record => record['torhaus.reason'] === 'plain-http').length, 50)
  assert.equal(records.at(-1)?.['torhaus.reason'], 'cipher')
  nowMs = 10_000
  log.write('tls-handshake-failed', '192.0.2.1', 'plain-http')
  assert.partialDeepStrictEqual(records.at(-2), { 'torhaus.reason': 'plain-http', 'torhaus.suppressed': 10 })
})
