import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { Registry } from 'prom-client'
import type { Config } from '../../config/schema.ts'
import { type Certificate, createCertificate } from '../../devkit/torhaus/certificate.ts'
import { observeCertificates } from '../../src/process/certificate-metrics.ts'

let certificate: Certificate
before(async () => {
  certificate = await createCertificate('DNS:torhaus.example')
})
after(() => certificate.remove())

async function told(): Promise<string[]> {
  const registry = new Registry()
  const tls = { certificateFile: certificate.certificateFile }
  observeCertificates(
    registry,
    () => ({ listener: { tls }, admin: {}, upstream: { tls: {} }, session: { store: {} } }) as Config,
  )
  return (await registry.metrics()).split('\n').filter(line => line.startsWith('torhaus_certificate_'))
}

test('the end of a certificate is told by the option that names its file, and of a chain the first end', async () => {
  const ends = new X509Certificate(certificate.certificate).validToDate.getTime() / 1000
  const line = `torhaus_certificate_not_after_timestamp_seconds{option="listener.tls.certificateFile"} ${ends}`
  assert.deepEqual(await told(), [line])
})

test('a file that is gone or no certificate is left out, and breaks nothing', async () => {
  await writeFile(certificate.certificateFile, 'no certificate')
  assert.deepEqual(await told(), [])
  await rm(certificate.certificateFile)
  assert.deepEqual(await told(), [])
})
