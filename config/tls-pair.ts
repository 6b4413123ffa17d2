/** A certificate and its key, in the form that TLS takes. */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readSecret } from './secret.ts'

/** File names; they were looked into when the configuration was checked. */
export interface TlsPairFiles {
  readonly certificateFile: string
  readonly privateKeyFile: string
  /** Of a key that is encrypted. */
  readonly privateKeyPasswordFile?: string | undefined
}

/** `key`: in PEM, open: the password is needed no more. Throws where a file cannot be read or opened. */
export function readTlsPair(files: TlsPairFiles): { readonly cert: Buffer; readonly key: Buffer | string } {
  const { privateKeyFile, privateKeyPasswordFile } = files
  const cert = readFileSync(files.certificateFile)
  if (privateKeyPasswordFile === undefined) return { cert, key: readFileSync(privateKeyFile) }
  return { cert, key: encryptedKeyIn(privateKeyFile, privateKeyPasswordFile).export({ type: 'pkcs8', format: 'pem' }) }
}

/** Throws where a file cannot be read, or the password does not open the key. */
export const encryptedKeyIn = (fileName: string, passwordFile: string): KeyObject =>
  createPrivateKey({ key: readFileSync(fileName), passphrase: readSecret(passwordFile).reveal() })
