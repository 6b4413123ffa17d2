/** A certificate and its key, in the form that TLS takes. */
import { createPrivateKey } from 'node:crypto'
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
  const key = readFileSync(files.privateKeyFile)
  const cert = readFileSync(files.certificateFile)
  if (files.privateKeyPasswordFile === undefined) return { cert, key }
  const passphrase = readSecret(files.privateKeyPasswordFile).reveal()
  return { cert, key: createPrivateKey({ key, passphrase }).export({ type: 'pkcs8', format: 'pem' }) }
}
