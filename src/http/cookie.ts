/** Cookies (RFC 6265): ours are removed, and those of the server are forwarded unchanged and in order. */

/**
 * The value of cookie `name` in a Cookie field, or undefined. If it occurs twice, the first counts, which has the
 * longest path.
 */
export function readCookie(field: string, name: string): string | undefined {
  let from = 0
  for (;;) {
    const at = field.indexOf(`${name}=`, from)
    if (at === -1) return undefined
    from = at + name.length + 1
    if (!startsPair(field, at)) continue
    const end = field.indexOf(';', from)
    return field.slice(from, end === -1 ? undefined : end).trim()
  }
}

function startsPair(field: string, at: number): boolean {
  let before = at - 1
  while (before >= 0 && (field[before] === ' ' || field[before] === '\t')) before--
  return before < 0 || field[before] === ';'
}

/** The Cookie field without those cookies; undefined when nothing is left. The rest is not re-serialised. */
export function withoutCookies(field: string, names: readonly string[]): string | undefined {
  // Most fields hold none of them.
  const rest = names.some(name => field.includes(name)) ? withoutPairs(field, names) : field
  const trimmed = rest.trim()
  return trimmed === '' ? undefined : trimmed
}

/** A pair without `=` counts, too. In one walk, since nearly every request has one of ours. */
function withoutPairs(field: string, names: readonly string[]): string {
  let rest = ''
  let keptFrom = 0
  let equals = -1
  for (let at = 0; at <= field.length; ) {
    const end = orEnd(field, field.indexOf(';', at))
    if (equals < at) equals = orEnd(field, field.indexOf('=', at))
    if (names.includes(field.slice(at, Math.min(equals, end)).trim())) {
      rest += field.slice(keptFrom, at)
      keptFrom = end + 1
    }
    at = end + 1
  }
  // After the last pair there is nothing to be separated from.
  return keptFrom > field.length ? rest.slice(0, -1) : rest + field.slice(keptFrom)
}

const orEnd = (field: string, index: number) => (index === -1 ? field.length : index)

export interface CookieOptions {
  readonly secure: boolean
  /** Seconds; undefined for a cookie that ends with the browser, 0 to delete it. */
  readonly maxAgeSeconds?: number
}

/**
 * A Set-Cookie value that scripts cannot read, sent on top-level navigations only (RFC 6265bis 5.6.7: SameSite=Lax).
 */
export function serializeCookie(name: string, value: string, { secure, maxAgeSeconds }: CookieOptions): string {
  const age = maxAgeSeconds === undefined ? '' : `; Max-Age=${maxAgeSeconds}`
  return `${name}=${value}; Path=/${age}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`
}
