import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { temporaryFolder } from '../demo/temporary-folder.ts'

const run = promisify(execFile)

export type Certificate = {
  readonly certificateFile: string
  readonly privateKeyFile: string
  readonly certificate: string
  readonly privateKey: string
  remove(): Promise<void>
}

/**
 * A self-signed certificate, valid for two days, for `subjectAltName` (`IP:127.0.0.1`, `DNS:name`); made by openssl.
 * `more`: extensions in the words of x509v3_config(5).
 */
export async function createCertificate(subjectAltName: string, more: readonly string[] = []): Promise<Certificate> {
  const { directory, remove } = await temporaryFolder('torhaus-certificate-')
  const [certificateFile, privateKeyFile] = [join(directory, 'certificate.pem'), join(directory, 'key.pem')]
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-subj', '/CN=torhaus test', '-addext', `subjectAltName=${subjectAltName}`],
    ...more.flatMap(extension => ['-addext', extension]),
    ...['-keyout', privateKeyFile, '-out', certificateFile],
  ])
  return {
    certificateFile,
    privateKeyFile,
    certificate: await readFile(certificateFile, 'utf8'),
    privateKey: await readFile(privateKeyFile, 'utf8'),
    remove: async () => remove(),
  }
}
