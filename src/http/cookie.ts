/** Cookies (RFC 6265): ours are taken out, those of the server go on untouched and in order. */

/** The value of cookie `name` in a Cookie field, or undefined. Where it stands twice, the first counts: it has the longest path. */
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
  let rest = field
  for (const name of names) {
    // Cut where it stands; most fields hold each name once or not at all, and nothing else is touched.
    for (let at = positionOf(rest, name, 0); at !== -1; at = positionOf(rest, name, at)) rest = cut(rest, at)
  }
  const trimmed = rest.trim()
  return trimmed === '' ? undefined : trimmed
}

/** Where the pair of cookie `name` begins, from `from` on; -1 for nowhere. A pair without `=` counts, too. */
function positionOf(field: string, name: string, from: number): number {
  for (let at = field.indexOf(name, from); at !== -1; at = field.indexOf(name, at + 1)) {
    const next = field.slice(at + name.length).trimStart()[0]
    if (startsPair(field, at) && (next === undefined || next === '=' || next === ';')) return at
  }
  return -1
}

/** Without the pair that begins at `at`, and without the semicolon that belongs to it. */
function cut(field: string, at: number): string {
  const end = field.indexOf(';', at)
  if (end !== -1) return field.slice(0, at) + field.slice(end + 1).trimStart()
  const before = field.lastIndexOf(';', at)
  return before === -1 ? '' : field.slice(0, before)
}

export interface CookieOptions {
  readonly secure: boolean
  /** Seconds; undefined for a cookie that ends with the browser, 0 to delete it. */
  readonly maxAgeSeconds?: number
}

/** A Set-Cookie value that scripts cannot read, sent on top-level navigations only (RFC 6265bis 5.6.7: SameSite=Lax). */
export function serializeCookie(name: string, value: string, { secure, maxAgeSeconds }: CookieOptions): string {
  const age = maxAgeSeconds === undefined ? '' : `; Max-Age=${maxAgeSeconds}`
  return `${name}=${value}; Path=/${age}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`
}
