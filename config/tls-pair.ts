/** A certificate of ours and its key: where the configuration has one, and in the form that TLS takes. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { bytesIn } from './files-read.ts'
import { openPkcs12, type Pkcs12 } from './pkcs12.ts'
import type { Config } from './schema.ts'
import { readSecret } from './secret.ts'

/**
 * File names; they were looked into when the configuration was checked: certificate and key in PEM, an archive and its
 * password, or none of these.
 */
export interface TlsPairFiles {
  readonly certificateFile?: string | undefined
  readonly privateKeyFile?: string | undefined
  /** Of a key that is encrypted. */
  readonly privateKeyPasswordFile?: string | undefined
  readonly pkcs12File?: string | undefined
  readonly pkcs12PasswordFile?: string | undefined
}

export interface TlsPair {
  readonly cert: Buffer | string
  /** In PEM, open: the password is needed no more. */
  readonly key: Buffer | string
}

/** Undefined where no certificate is named. Throws where a file cannot be read or opened. */
export function readTlsPair(files: TlsPairFiles): TlsPair | undefined {
  const { certificateFile, privateKeyFile, privateKeyPasswordFile } = files
  const archive = archiveIn(files)
  if (archive !== undefined)
    return { cert: archive.certificates.map(certificate => certificate.toString()).join(''), key: inPem(archive.key) }
  if (certificateFile === undefined || privateKeyFile === undefined) return undefined
  const cert = bytesIn(certificateFile)
  if (privateKeyPasswordFile === undefined) return { cert, key: bytesIn(privateKeyFile) }
  return { cert, key: inPem(encryptedKeyIn(privateKeyFile, privateKeyPasswordFile)) }
}

/** Own first, then its chain; empty where no certificate is named. Throws as `readTlsPair` does. */
export const ownChainOf = (files: TlsPairFiles): readonly X509Certificate[] =>
  archiveIn(files)?.certificates ??
  (files.certificateFile === undefined ? [] : certificatesInFile(files.certificateFile))

/** The option that names the certificate, and the file. */
export function certificateOption({
  certificateFile,
  pkcs12File,
}: TlsPairFiles): { name: string; file: string } | undefined {
  if (pkcs12File !== undefined) return { name: 'pkcs12File', file: pkcs12File }
  return certificateFile === undefined ? undefined : { name: 'certificateFile', file: certificateFile }
}

function archiveIn({ pkcs12File, pkcs12PasswordFile }: TlsPairFiles): Pkcs12 | undefined {
  if (pkcs12File === undefined || pkcs12PasswordFile === undefined) return undefined
  const archive = openPkcs12(bytesIn(pkcs12File), readSecret(pkcs12PasswordFile).reveal())
  if (typeof archive === 'string') throw new Error(`${pkcs12File} cannot be opened`)
  return archive
}

const inPem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' })

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** Every certificate of a file in PEM, in its order. Throws where one is none. */
export const certificatesIn = (pem: string): X509Certificate[] =>
  (pem.match(CERTIFICATE) ?? []).map(text => new X509Certificate(text))

export const certificatesInFile = (fileName: string): X509Certificate[] =>
  certificatesIn(bytesIn(fileName).toString('latin1'))

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
  createPrivateKey({ key: bytesIn(fileName), passphrase: readSecret(passwordFile).reveal() })
