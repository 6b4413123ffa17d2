/**
 * Certificates and keys of the listeners: read while the configuration is checked, so that a wrong pair is found before it
 * is served.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Config } from './schema.ts'

type Report = (path: string, message: string) => void

export function checkCertificateFiles({ listener }: Config, report: Report): void {
  checkPair('listener.tls', listener.tls, report)
}

export function checkAdminCertificateFiles({ admin }: Config, report: Report): void {
  checkPair('admin.tls', admin.tls, report)
}

type Pair = Readonly<Record<'certificateFile' | 'privateKeyFile', string>>

function checkPair(path: string, pair: Pair | undefined, report: Report): void {
  if (pair === undefined) return
  const { certificateFile, privateKeyFile } = pair
  const certificate = read(() => new X509Certificate(readFileSync(certificateFile)))
  const key = read(() => createPrivateKey(readFileSync(privateKeyFile)))
  if (typeof certificate === 'string')
    report(`${path}.certificateFile`, `does not begin with a certificate in PEM: ${certificate}`)
  if (typeof key === 'string') report(`${path}.privateKeyFile`, `is no private key in PEM: ${key}`)
  if (typeof certificate === 'string' || typeof key === 'string') return
  if (!certificate.checkPrivateKey(key)) report(`${path}.privateKeyFile`, 'does not belong to the certificate')
}

/** The value, or why there is none. */
function read<T>(open: () => T): T | string {
  try {
    return open()
  } catch (error) {
    return (error as Error).message
  }
}
