/** What a valid configuration could do better, or will need from its surroundings. */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isFor } from '../../config/certificate-warnings.ts'
import type { Config } from '../../config/schema.ts'

export function configNotes({ ownPages, listener }: Pick<Config, 'ownPages' | 'listener'>): string[] {
  if (ownPages.publicUrl === undefined)
    return [
      'ownPages.publicUrl: is not set, so the pages of Torhaus share the origin of the server and its scripts; a host name of their own is recommended (docs/own-host.md)',
    ]
  const { hostname } = new URL(ownPages.publicUrl)
  const file = listener.tls?.certificateFile
  if (file === undefined || isFor(new X509Certificate(readFileSync(file)), hostname)) return []
  return [`listener.tls.certificateFile: does not name ${hostname}, the host of ownPages.publicUrl: browsers refuse it`]
}
