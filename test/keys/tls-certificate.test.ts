import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { RawConnection, requestText } from '../../devkit/clients/raw-http.ts'
import { type Certificate, createCertificate } from '../../devkit/torhaus/certificate.ts'
import { type ProxyUnderTest, patField, servingTls, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let certificates: Certificate[]
let proxy: ProxyUnderTest

before(async () => {
  certificates = await Promise.all([createCertificate('IP:127.0.0.1'), createCertificate('IP:127.0.0.1')])
  proxy = await startProxy({ configure: servingTls(filesOf(certificates[0])) })
})
after(async () => {
  await proxy?.close()
  for (const certificate of certificates ?? []) await certificate.remove()
})

function filesOf(certificate: Certificate | undefined) {
  assert.ok(certificate)
  const { certificateFile, privateKeyFile } = certificate
  return { certificateFile, privateKeyFile }
}

/** The status for whoever trusts that certificate alone. */
async function ask(trusted: Certificate | undefined): Promise<number> {
  const connection = await RawConnection.open(proxy.fixture.port, { ca: trusted?.certificate ?? '' })
  connection.send(requestText('GET /', [proxy.host, patField]))
  const { status } = await connection.response()
  connection.close()
  return status
}

test('another certificate and key are served after a start with them', async () => {
  const [old, fresh] = certificates
  assert.equal(await ask(old), 200)
  await assert.rejects(ask(fresh), { code: /SELF_SIGNED|UNABLE_TO_VERIFY/ })
  await proxy.fixture.restart(config => {
    const { listener } = config as { listener: object }
    return { ...config, listener: { ...listener, tls: filesOf(fresh) } }
  })
  assert.equal(await ask(fresh), 200)
  await assert.rejects(ask(old), { code: /SELF_SIGNED|UNABLE_TO_VERIFY/ })
})
