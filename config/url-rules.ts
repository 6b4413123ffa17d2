/** What the URLs of the configuration must be. */

import type { Report } from './diagnostic.ts'
import { LOOPBACK } from './loopback.ts'
import type { Config } from './schema.ts'

export function checkUrl(path: string, text: string, mayHavePath: boolean, report: Report): URL | undefined {
  const parsed = URL.parse(text)
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
    report(path, 'must be an http or https URL')
    return undefined
  }
  if (parsed.username !== '' || parsed.password !== '') report(path, 'must not contain credentials')
  if (parsed.hash !== '' || parsed.search !== '') report(path, 'must not contain a query or fragment')
  if (!mayHavePath && parsed.pathname !== '/') report(path, 'must be an origin: scheme, host and port, without a path')
  return parsed
}

/** Whether it is a URL without TLS, in whatever letter case (RFC 3986 3.1). */
export const isPlainHttp = (url: string): boolean => URL.parse(url)?.protocol === 'http:'

export function checkTransport(path: string, url: URL | undefined, allowPlainHttp: boolean, report: Report): void {
  if (url?.protocol !== 'http:' || LOOPBACK.test(url.hostname) || allowPlainHttp) return
  report(path, 'must be https (http is only for loopback, or for test setups with allowPlainHttp)')
}

export function checkAllowedOrigins({ credentials }: Pick<Config, 'credentials'>, report: Report): void {
  credentials.allowedOrigins.forEach((origin, index) => {
    checkUrl(`credentials.allowedOrigins[${index}]`, origin, false, report)
  })
}
