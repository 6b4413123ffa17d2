/** A certificate authority in a folder of the caller's, and what it signs; made by openssl. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Signed {
  readonly certificateFile: string
  readonly privateKeyFile: string
  readonly certificate: string
}

export interface CertificateAuthority extends Signed {
  /** `subjectAltName`: `DNS:name`, `IP:127.0.0.1`. `days`: below zero, it has expired. */
  sign(subjectAltName: string, days?: number): Signed
}

const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

export function createAuthority(directory: string, name: string): CertificateAuthority {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'ignore' })
  let count = 0
  const files = (stem: string): Signed => ({
    certificateFile: join(directory, `${stem}.pem`),
    privateKeyFile: join(directory, `${stem}.key`),
    get certificate() {
      return readFileSync(join(directory, `${stem}.pem`), 'utf8')
    },
  })
  openssl(
    ...['req', '-x509', ...CURVE, '-days', '2', '-subj', `/CN=${name}`],
    ...['-keyout', `${name}.key`, '-out', `${name}.pem`],
  )
  return {
    ...files(name),
    certificate: readFileSync(join(directory, `${name}.pem`), 'utf8'),
    sign(subjectAltName, days = 30) {
      const stem = `${name}-${++count}`
      writeFileSync(join(directory, `${stem}.ext`), `subjectAltName=${subjectAltName}\n`)
      openssl('req', '-new', ...CURVE, '-subj', `/CN=${stem}`, '-keyout', `${stem}.key`, '-out', `${stem}.csr`)
      openssl(
        ...['x509', '-req', '-in', `${stem}.csr`, '-CA', `${name}.pem`, '-CAkey', `${name}.key`, '-CAcreateserial'],
        ...['-days', String(days), '-extfile', `${stem}.ext`, '-out', `${stem}.pem`],
      )
      return files(stem)
    },
  }
}
