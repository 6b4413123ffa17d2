/**
 * The fields of a response on their way to the client: hop-by-hop fields and everything that would let the server speak
 * past the proxy are dropped, addresses of the server become public ones. docs/header-handling.md tells it field by
 * field.
 */
import { lowerCaseName } from './field-name.ts'
import { cacheControlInPlaceOf, FOR_THOSE_BEFORE, personalCacheControl } from './personal-caching.ts'
import { PublicNames } from './public-names.ts'
import { unquoted } from './quoted-string.ts'

// RFC 9110 7.6.1; Persistent-Auth and the proxy fields belong to the connection behind us; Alt-Svc (RFC 7838) would
// lead clients around the proxy; X-Request-Id is ours; Service-Worker-Allowed would put a script of the server between
// browsers and our own pages (Service Workers 5.2); NEL (Network Error Logging 4) would have browsers tell somebody the
// address of every request to the host, codes of sign-ins among them. Trailer only announces, and Node throws where it stands without
// chunks.
const DROPPED: ReadonlySet<string> = new Set([
  ...[
    'connection',
    'keep-alive',
    'proxy-connection',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
    'http2-settings',
  ],
  ...[
    'proxy-authenticate',
    'proxy-authentication-info',
    'persistent-auth',
    'alt-svc',
    'service-worker-allowed',
    'nel',
    'x-request-id',
    'x-torhaus-error',
  ],
  ...FOR_THOSE_BEFORE,
])

/** Schemes of the server that a client may answer: the others belong to the connection (RFC 4559 6), which is ours. */
const RELAYED_CHALLENGE = /^(basic|bearer)\b/i
/** A second challenge on the same line; what is quoted was taken out before. */
const CONNECTION_CHALLENGE = /,\s*(negotiate|ntlm|kerberos)\b/i

type Rewrite = (value: string) => string | undefined

export interface ResponseFields {
  /** Name, value, name, value. */
  readonly fields: string[]
  readonly hasChallenge: boolean
  /** Content without an end (HTML 9.2, text/event-stream). */
  readonly isEventStream: boolean
}

interface FilteredFields extends ResponseFields {
  readonly hasCacheControl: boolean
  readonly pragma: string | undefined
}

export class ResponseFieldFilter {
  readonly #rewrites: ReadonlyMap<string, Rewrite>
  readonly #strictTransport: readonly string[]

  /** `strictTransport`: name and value of what browsers are sent in place of the server's, or nothing. */
  constructor(
    publicUrl: string,
    upstreamUrl: string,
    ownCookies: readonly string[],
    strictTransport: readonly string[] = [],
  ) {
    this.#strictTransport = strictTransport
    const names = new PublicNames(publicUrl, upstreamUrl)
    const relay: Rewrite = value =>
      RELAYED_CHALLENGE.test(value) && !CONNECTION_CHALLENGE.test(unquoted(value)) ? names.challenge(value) : undefined
    this.#rewrites = new Map<string, Rewrite>([
      ['cache-control', personalCacheControl],
      ['location', names.location],
      ['content-location', names.location],
      ['refresh', names.refresh],
      ['link', names.link],
      ['www-authenticate', relay],
      ['lfs-authenticate', relay],
      ['set-cookie', cookieRewriter(publicUrl, upstreamUrl, ownCookies)],
      ...strictTransport.slice(0, 1).map((name): [string, Rewrite] => [name.toLowerCase(), () => undefined]),
    ])
  }

  /** Trailer fields, by the same rules. */
  filterTrailers(raw: readonly string[]): [string, string][] {
    const { fields } = this.filter(raw)
    const pairs: [string, string][] = []
    for (let index = 0; index < fields.length; index += 2) {
      const name = fields[index] as string
      if (!NOT_IN_TRAILERS.has(name.toLowerCase())) pairs.push([name, fields[index + 1] as string])
    }
    return pairs
  }

  /** `raw`: as in `filter`, of a final response to a browser or to somebody else. */
  filterFinal(raw: readonly string[], isForBrowser: boolean): ResponseFields {
    const filtered = this.filter(raw)
    const { fields, hasCacheControl, pragma } = filtered
    if (!hasCacheControl) fields.push('Cache-Control', cacheControlInPlaceOf(pragma))
    // Nobody else would read it.
    if (isForBrowser) fields.push(...this.#strictTransport)
    return filtered
  }

  /** `raw`: name, value, name, value, as received. */
  filter(raw: readonly string[]): FilteredFields {
    const fields: string[] = []
    let connection: string | undefined
    let pragma: string | undefined
    let hasCacheControl = false
    let hasChallenge = false
    let isEventStream = false
    for (let index = 0; index < raw.length; index += 2) {
      const name = raw[index] as string
      const value = raw[index + 1] as string
      const lower = lowerCaseName(name) ?? name.toLowerCase()
      if (lower === 'connection') connection = connection === undefined ? value : `${connection},${value}`
      if (DROPPED.has(lower)) continue
      const rewrite = this.#rewrites.get(lower)
      const rewritten = rewrite === undefined ? value : rewrite(value)
      if (rewritten === undefined) continue
      hasCacheControl ||= lower === 'cache-control'
      if (lower === 'pragma') pragma = value
      hasChallenge ||= lower === 'www-authenticate'
      isEventStream ||= lower === 'content-type' && EVENT_STREAM.test(value)
      put(fields, name, rewritten, lower === BEFORE_LENGTH)
    }
    const passed = connection === undefined || PLAIN.test(connection) ? fields : withoutNamed(fields, connection)
    return { fields: passed, hasChallenge, isEventStream, hasCacheControl, pragma }
  }
}

/** Behind a Content-Length Node takes its octets for UTF-8, and throws where there is no such octet in Latin-1. */
const BEFORE_LENGTH = 'content-disposition'

function put(fields: string[], name: string, value: string, isFirst: boolean): void {
  if (isFirst) fields.unshift(name, value)
  else fields.push(name, value)
}

/** Says how the content ends, which it has when trailers come (RFC 9110 6.5.1). */
const NOT_IN_TRAILERS: ReadonlySet<string> = new Set(['content-length'])

const EVENT_STREAM = /^\s*text\/event-stream\b/i
const PLAIN = /^(keep-alive|close)$/i

function withoutNamed(fields: readonly string[], connection: string): string[] {
  const named = new Set(connection.split(',').map(option => option.trim().toLowerCase()))
  // Meant for everybody (RFC 9110 7.6.1).
  named.delete('cache-control')
  const rest: string[] = []
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] as string
    if (!named.has(name.toLowerCase())) rest.push(name, fields[index + 1] as string)
  }
  return rest
}

/**
 * The Domain of the server's host becomes the public one (RFC 6265 4.1.2.3); a cookie named like ours never gets
 * through.
 */
function cookieRewriter(publicUrl: string, upstreamUrl: string, ownNames: readonly string[]): Rewrite {
  const publicHost = new URL(publicUrl).hostname
  const domain = new RegExp(`(;\\s*domain=)\\.?${RegExp.escape(new URL(upstreamUrl).hostname)}(?=\\s*(;|$))`, 'i')
  return value => {
    if (ownNames.includes(nameOf(value))) return undefined
    return value.replace(domain, `$1${publicHost}`)
  }
}

/**
 * The name under which a cookie comes back. One without a name comes back as its value alone (RFC 6265bis 5.5), which may
 * be `name=value`.
 */
const nameOf = (cookie: string): string => (/^[\s=]*([^=;]*)/.exec(cookie)?.[1] ?? '').trim()
