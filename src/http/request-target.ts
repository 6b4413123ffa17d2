/**
 * The request target (RFC 9112 3.2). The raw target is forwarded byte for byte; the policy is decided on the readings
 * in `request-readings.ts`.
 */
export interface RequestTarget {
  /** To be forwarded: origin-form (RFC 9112 3.2.1) or `*`. */
  readonly raw: string
  /** `raw` up to the query. */
  readonly path: string
}

export type TargetProblem = 'target-malformed' | 'target-misdirected'

/** Path under which Torhaus answers itself; nothing below it ever reaches the upstream. */
export const OWN_PREFIX = '/.torhaus'

// Control characters, space, delete, non-ASCII (RFC 3986 2), and a fragment, which has no place in a target.
const FORBIDDEN = /[\x00-\x20\x7f-\uffff#]|%00/
const ABSOLUTE = /^https?:\/\/([^/?]*)/i

/** Reads the target of a request. `host` is the value of the Host field. */
export function parseRequestTarget(target: string, method: string, host: string): RequestTarget | TargetProblem {
  if (target === '*') return method === 'OPTIONS' ? { raw: '*', path: '*' } : 'target-malformed'
  if (FORBIDDEN.test(target)) return 'target-malformed'
  let raw = target
  if (!raw.startsWith('/')) {
    const authority = ABSOLUTE.exec(target)
    if (authority === null) return 'target-malformed'
    if (authority[1]?.toLowerCase() !== host.toLowerCase()) return 'target-misdirected'
    raw = target.slice(authority[0].length)
    if (!raw.startsWith('/')) raw = `/${raw}`
  }
  const query = raw.indexOf('?')
  const path = query === -1 ? raw : raw.slice(0, query)
  return { raw, path }
}

/**
 * In origin-form, and nothing that a router, which decodes, could take for a path of ours. `false` says nothing; the
 * policy looks at every target all the same.
 */
export function isSurelyTraffic(target: string | undefined): boolean {
  return target?.charCodeAt(0) === SLASH && target.charCodeAt(1) !== DOT && target.charCodeAt(1) !== PERCENT
}

const SLASH = 0x2f
const DOT = 0x2e
const PERCENT = 0x25

/** Whether `path` is Torhaus' own. */
export function isOwnPath(path: string): boolean {
  return path.startsWith(OWN_PREFIX) && (path.length === OWN_PREFIX.length || path[OWN_PREFIX.length] === '/')
}
