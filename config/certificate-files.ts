/**
 * Certificate and key of the listener: read while the configuration is checked, so that a wrong pair is found before it
 * is served.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Config } from './schema.ts'

export function checkCertificateFiles({ listener }: Config, report: (path: string, message: string) => void): void {
  if (listener.tls === undefined) return
  const { certificateFile, privateKeyFile } = listener.tls
  const certificate = read(() => new X509Certificate(readFileSync(certificateFile)))
  const key = read(() => createPrivateKey(readFileSync(privateKeyFile)))
  if (typeof certificate === 'string')
    report('listener.tls.certificateFile', `does not begin with a certificate in PEM: ${certificate}`)
  if (typeof key === 'string') report('listener.tls.privateKeyFile', `is no private key in PEM: ${key}`)
  if (typeof certificate === 'string' || typeof key === 'string') return
  if (!certificate.checkPrivateKey(key)) report('listener.tls.privateKeyFile', 'does not belong to the certificate')
}

/** The value, or why there is none. */
function read<T>(open: () => T): T | string {
  try {
    return open()
  } catch (error) {
    return (error as Error).message
  }
}
