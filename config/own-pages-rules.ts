/** What must fit together where our pages have a host name of their own. */

import type { Report } from './diagnostic.ts'
import type { Config } from './schema.ts'
import { checkTransport, checkUrl } from './url-rules.ts'

const AT = 'ownPages.publicUrl'

type OwnPagesOptions = Pick<Config, 'publicUrl' | 'ownPages' | 'listener' | 'allowPlainHttp'>

export function checkOwnPages(
  { publicUrl, ownPages, listener, allowPlainHttp }: OwnPagesOptions,
  report: Report,
): void {
  if (ownPages.publicUrl === undefined) return
  const own = checkUrl(AT, ownPages.publicUrl, false, report)
  checkTransport(AT, own, allowPlainHttp, report)
  const main = URL.parse(publicUrl)
  if (own === undefined || main === null) return
  // Cookies do not know ports, and Host is judged by name alone (RFC 6265 8.5).
  if (own.hostname === main.hostname)
    report(AT, 'must have a different host name from publicUrl, not only a different port; remove it to use one host')
  else if (own.protocol !== main.protocol)
    report(AT, `must be ${main.protocol.slice(0, -1)}, like publicUrl: set both to https`)
  const index = listener.hostNames.findIndex(name => name.toLowerCase() === own.hostname)
  if (index !== -1) report(`listener.hostNames[${index}]`, `is the host of ${AT}, which needs no entry here: remove it`)
}
