/**
 * Tells shared caches not to store a forwarded response. Access was decided for this request only, possibly by a
 * cookie, which caches do not consider (RFC 9111 3.5 covers only Authorization), and a cache would not decide again.
 */
import { unquoted } from './quoted-string.ts'

/** RFC 9111 5.2.2: whole directives; `private="field"` speaks of that field alone. */
const PERSONAL = /(?:^|,)[ \t]{0,8}(?:private|no-store)[ \t]{0,8}(?:,|$)/i
const SHARED = /(?:^|,)[ \t]{0,8}(?:public|s-maxage[ \t]{0,8}=[^,]{0,32})(?=[ \t]{0,8}(?:,|$))/gi

/** The value of Cache-Control, for the client's own cache alone: that one keeps what it would have kept. */
export function personalCacheControl(value: string): string {
  if (PERSONAL.test(value.includes('"') ? unquoted(value) : value)) return value
  const rest = value.replace(SHARED, '').replace(/^[, \t]+/, '')
  return rest === '' ? 'private' : `private, ${rest}`
}

/** Where the server has none. Beside Cache-Control, the older Pragma would not be read any more (RFC 9111 5.4). */
export const cacheControlInPlaceOf = (pragma: string | undefined): string =>
  pragma !== undefined && /\bno-cache\b/i.test(pragma) ? 'private, no-cache' : 'private'

/**
 * By these, servers tell single caches something else than all others (RFC 9213 2.2; nginx, Varnish, Fastly, Akamai), and
 * what stands before Torhaus, to send a file or a path of its own in place of the response (nginx, lighttpd, Apache,
 * LiteSpeed, Perlbal). `name`: in lower case.
 */
export const isForThoseBefore = (name: string): boolean =>
  FOR_THOSE_BEFORE.includes(name) || name.endsWith('-cache-control')

const FOR_THOSE_BEFORE: readonly string[] = [
  ...['surrogate-control', 'edge-control', 'x-accel-expires', 'x-accel-redirect', 'x-lighttpd-send-file'],
  ...['x-sendfile', 'x-sendfile2', 'x-sendfile-temporary', 'x-litespeed-location', 'x-reproxy-file', 'x-reproxy-url'],
]
