/** The admin listener tells much: who is not on this machine must show something to be told. */
import type { Report } from './diagnostic.ts'
import { isLoopbackAddress } from './loopback.ts'
import type { Config } from './schema.ts'
import { readSecret } from './secret.ts'

const MIN_CREDENTIAL_LENGTH = 20

export function checkAdmin({ admin }: Config, report: Report): void {
  const { host, credentialFile } = admin
  if (credentialFile !== undefined) return checkCredential(credentialFile, report)
  if (isLoopbackAddress(host)) return
  report('admin.host', `${host} can be reached from other machines: set admin.credentialFile, or listen on 127.0.0.1`)
}

function checkCredential(fileName: string, report: Report): void {
  const path = 'admin.credentialFile'
  try {
    const credential = readSecret(fileName).reveal()
    if (credential.length < MIN_CREDENTIAL_LENGTH)
      report(
        path,
        `${fileName} contains fewer than ${MIN_CREDENTIAL_LENGTH} characters: create one with openssl rand -base64 32`,
      )
    else if (!/^[!-~]+$/.test(credential))
      report(path, `${fileName} contains spaces or more than one line: create one with openssl rand -base64 32`)
  } catch (error) {
    report(path, (error as Error).message)
  }
}
