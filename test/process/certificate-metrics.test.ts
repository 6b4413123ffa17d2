import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { Registry } from 'prom-client'
import { rememberFiles } from '../../config/files-read.ts'
import type { Config } from '../../config/schema.ts'
import { runCommand } from '../../devkit/realm/run-command.ts'
import { type Certificate, createCertificate } from '../../devkit/torhaus/certificate.ts'
import { observeCertificates, observeRevocationLists } from '../../src/process/certificate-metrics.ts'
import { createClientAuthorities } from '../certificates/client-authority.ts'

let certificate: Certificate
before(async () => {
  certificate = await createCertificate('DNS:torhaus.example')
})
after(() => certificate.remove())

async function told(tls: object = { certificateFile: certificate.certificateFile }): Promise<string[]> {
  const registry = new Registry()
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

test('the end of a certificate in an archive is told as well', async () => {
  const directory = dirname(certificate.certificateFile)
  const [pkcs12File, pkcs12PasswordFile] = [join(directory, 'own.pfx'), join(directory, 'password')]
  await writeFile(pkcs12PasswordFile, 'hush\n')
  const pair = ['-in', certificate.certificateFile, '-inkey', certificate.privateKeyFile]
  await runCommand('openssl', ['pkcs12', '-export', ...pair, '-passout', 'pass:hush', '-out', pkcs12File])
  const ends = new X509Certificate(certificate.certificate).validToDate.getTime() / 1000
  const line = `torhaus_certificate_not_after_timestamp_seconds{option="listener.tls.pkcs12File"} ${ends}`
  assert.deepEqual(await told({ pkcs12File, pkcs12PasswordFile }), [line])
  await writeFile(pkcs12PasswordFile, 'wrong\n')
  assert.deepEqual(await told({ pkcs12File, pkcs12PasswordFile }), [])
})

test('what is told is the file as it is in force, whatever lies under its name since', async () => {
  const registry = new Registry()
  const tls = { certificateFile: certificate.certificateFile }
  const config = { listener: { tls }, admin: {}, upstream: { tls: {} }, session: { store: {} } } as Config
  const contents = new Map([[certificate.certificateFile, Buffer.from('no certificate')]])
  rememberFiles(config, { names: [], states: [], contents })
  observeCertificates(registry, () => config)
  assert.doesNotMatch(await registry.metrics(), /^torhaus_certificate_not_after\w+\{/m)
})

test('the authority of an OP is told, too, of each by its own option', async () => {
  const registry = new Registry()
  const op = { caFile: certificate.certificateFile }
  observeCertificates(
    registry,
    () =>
      ({
        ...{ listener: {}, admin: {}, upstream: { tls: {} }, session: { store: {} } },
        providers: { corp: op, other: {} },
      }) as unknown as Config,
  )
  assert.match(await registry.metrics(), /^torhaus_certificate_not_after\w+\{option="providers\.corp\.caFile"\} \d+$/m)
})

test('when the next revocation list is due is told, of several the first, but of none beside its successor', async () => {
  using authorities = createClientAuthorities()
  const { root, intermediate } = authorities
  const crlFile = authorities.write(
    'lists.pem',
    ...[60, 7200].map(seconds => root.revocationList(seconds)),
    intermediate.revocationList(3600),
  )
  const tls = { clientCertificates: { crlFile } }
  const registry = new Registry()
  observeRevocationLists(registry, () => ({ listener: { tls } }) as unknown as Config)
  const told = async () => /^torhaus_crl_next_update_\S+ (\S+)$/m.exec(await registry.metrics())?.[1]
  const inSeconds = Number(await told()) - Date.now() / 1000
  assert.ok(inSeconds > 3500 && inSeconds <= 3600, String(inSeconds))
  await rm(crlFile)
  assert.equal(await told(), undefined)
})

test('a file that is gone or no certificate is left out, and breaks nothing', async () => {
  await writeFile(certificate.certificateFile, 'no certificate')
  assert.deepEqual(await told(), [])
  await rm(certificate.certificateFile)
  assert.deepEqual(await told(), [])
})
