/** A certificate of ours and its key: where the configuration has one, and in the form that TLS takes. */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Config } from './schema.ts'
import { readSecret } from './secret.ts'

/** File names; they were looked into when the configuration was checked. Certificate and key: both, or neither. */
export interface TlsPairFiles {
  readonly certificateFile?: string | undefined
  readonly privateKeyFile?: string | undefined
  /** Of a key that is encrypted. */
  readonly privateKeyPasswordFile?: string | undefined
}

export interface TlsPair {
  readonly cert: Buffer
  /** In PEM, open: the password is needed no more. */
  readonly key: Buffer | string
}

/** Undefined where no certificate is named. Throws where a file cannot be read or opened. */
export function readTlsPair(files: TlsPairFiles): TlsPair | undefined {
  const { certificateFile, privateKeyFile, privateKeyPasswordFile } = files
  if (certificateFile === undefined || privateKeyFile === undefined) return undefined
  const cert = readFileSync(certificateFile)
  if (privateKeyPasswordFile === undefined) return { cert, key: readFileSync(privateKeyFile) }
  return { cert, key: encryptedKeyIn(privateKeyFile, privateKeyPasswordFile).export({ type: 'pkcs8', format: 'pem' }) }
}

/** Sections in which a certificate of ours can be named, by their path, as far as they are there and in use. */
export function ownCertificatesOf({
  listener,
  admin,
  upstream,
  session,
}: Pick<Config, 'listener' | 'admin' | 'upstream' | 'session'>): (readonly [path: string, files: TlsPairFiles])[] {
  const { kind, redis } = session.store
  const sections: readonly (readonly [path: string, files: TlsPairFiles | undefined])[] = [
    ['listener.tls', listener.tls],
    ['admin.tls', admin.tls],
    ['upstream.tls', upstream.tls],
    ['session.store.redis.tls', kind === 'redis' ? redis?.tls : undefined],
  ]
  return sections.flatMap(([path, files]) => (files === undefined ? [] : [[path, files] as const]))
}

/** Throws where a file cannot be read, or the password does not open the key. */
export const encryptedKeyIn = (fileName: string, passwordFile: string): KeyObject =>
  createPrivateKey({ key: readFileSync(fileName), passphrase: readSecret(passwordFile).reveal() })
