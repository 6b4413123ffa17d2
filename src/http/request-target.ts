/**
 * The request target (RFC 9112 3.2). What is forwarded is the raw target, byte for byte. What policy is decided on is a
 * separate, normalised copy of the path; where the two could be read differently the path is called ambiguous.
 */
export interface RequestTarget {
  /** To be forwarded: origin-form (RFC 9112 3.2.1) or `*`. */
  readonly raw: string
  /** `raw` up to the query. */
  readonly path: string
  /** `path` as a lenient server might read it: decoded, `\` as `/`, dot segments and empty segments resolved, `;` parameters gone. */
  readonly normalisedPath: string
  /** `path` holds something servers read in different ways. */
  readonly isAmbiguous: boolean
}

export type TargetProblem = 'target-malformed' | 'target-misdirected'

/** Path under which Torhaus answers itself; nothing below it ever reaches the upstream. */
export const OWN_PREFIX = '/.torhaus'

// Control characters, space, delete, non-ASCII (RFC 3986 2), and a fragment, which has no place in a target.
const FORBIDDEN = /[\x00-\x20\x7f-\uffff#]|%00/
const ENCODED = /%/
// Encoded dot, slash, backslash, semicolon or percent; raw backslash or semicolon; empty and dot segments.
const AMBIGUOUS = /%(2e|2f|5c|3b|25)|[\\;]|\/\/|\/\.{1,2}(?=\/|$)/i
const ABSOLUTE = /^https?:\/\/([^/?]*)/i

/** Reads the target of a request. `host` is the value of the Host field. */
export function parseRequestTarget(target: string, method: string, host: string): RequestTarget | TargetProblem {
  if (target === '*') return method === 'OPTIONS' ? plain('*', '*') : 'target-malformed'
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
  const isAmbiguous = AMBIGUOUS.test(path)
  if (!isAmbiguous && !ENCODED.test(path)) return plain(raw, path)
  return { raw, path, normalisedPath: normalisePath(path), isAmbiguous }
}

const plain = (raw: string, path: string): RequestTarget => ({ raw, path, normalisedPath: path, isAmbiguous: false })

function normalisePath(path: string): string {
  let decoded = path
  // Twice encoded counts as encoded: three rounds are more than any server does.
  for (let round = 0; round < 3 && decoded.includes('%'); round++) {
    decoded = decoded.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  }
  const segments: string[] = []
  for (const segment of decoded.replaceAll('\\', '/').split('/')) {
    const name = segment.split(';', 1)[0] ?? ''
    if (name === '..') segments.pop()
    else if (name !== '' && name !== '.') segments.push(name)
  }
  const end = /[/\\]\.{0,2}$/.test(decoded) && segments.length > 0 ? '/' : ''
  return `/${segments.join('/')}${end}`
}

/** Whether `path` is Torhaus' own. */
export function isOwnPath(path: string): boolean {
  return path.startsWith(OWN_PREFIX) && (path.length === OWN_PREFIX.length || path[OWN_PREFIX.length] === '/')
}
