/** What a person typed or pasted for a URL, as a request for it would arrive. */
import type { Config } from '../../config/schema.ts'
import { hostNamesOf } from '../app/host-names.ts'
import { isOwnPath, parseRequestTarget, type RequestTarget } from '../http/request-target.ts'
import { usageError } from './command.ts'

/** Throws what to write instead. */
export function explainedTarget(url: string, method: string): RequestTarget {
  const authority = /^https?:\/\/([^/?#]*)/i.exec(url)?.[1] ?? ''
  // The rest may be a password.
  if (authority.includes('@')) throw usageError('the URL contains a user: use --scheme and --account instead')
  if (url.includes('#')) throw usageError(`${url}: no client sends # and what follows it: leave it out`)
  const sent = url.toWellFormed().replaceAll(/[^!-~]+/g, encodeURIComponent)
  if (sent !== url) throw usageError(`${url} is not how a client sends it: write ${sent}`)
  const target = parseRequestTarget(url, method, authority)
  if (typeof target === 'string')
    throw usageError(`'${url}' is not a URL or a path: a URL begins with https://, a path with /`)
  return target
}

/** Why Torhaus answers the request without asking any rule; undefined: it does not. */
export function answeredWithoutRules(url: string, { path }: RequestTarget, config: Config): string | undefined {
  const asked = URL.parse(url)
  if (asked !== null && !hostNamesOf(config).includes(asked.hostname))
    return `Torhaus does not answer to the name ${asked.hostname} (host-unknown)`
  if (isOwnPath(path)) return 'this path belongs to the pages of Torhaus'
  const own = config.ownPages.publicUrl
  return own !== undefined && asked?.host === new URL(own).host
    ? `there is nothing but the pages of Torhaus at ${asked.host}`
    : undefined
}
