/** What a valid configuration could do better, or will need from its surroundings. */
import { isFor } from '../../config/certificate-warnings.ts'
import type { Config } from '../../config/schema.ts'
import { certificateOption, ownChainOf } from '../../config/tls-pair.ts'

export function configNotes({ ownPages, listener }: Pick<Config, 'ownPages' | 'listener'>): string[] {
  if (ownPages.publicUrl === undefined)
    return [
      'ownPages.publicUrl: is not set, so the pages of Torhaus share the origin of the server and its scripts; a host name of their own is recommended (docs/own-host.md)',
    ]
  const { hostname } = new URL(ownPages.publicUrl)
  const option = listener.tls && certificateOption(listener.tls)
  const [own] = listener.tls === undefined ? [] : ownChainOf(listener.tls)
  if (option === undefined || own === undefined || isFor(own, hostname)) return []
  return [`listener.tls.${option.name}: does not name ${hostname}, the host of ownPages.publicUrl: browsers refuse it`]
}
