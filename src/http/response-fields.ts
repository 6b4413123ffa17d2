/**
 * Filters the fields of a response on their way to the client: hop-by-hop fields and everything by which the server
 * could bypass the proxy are dropped, and addresses of the server are replaced by public ones. docs/header-handling.md
 * describes each field.
 */
import { BoundedMap } from '../bounded-map.ts'
import { ownText } from './field-name.ts'
import { cacheControlInPlaceOf, isForThoseBefore, personalCacheControl } from './personal-caching.ts'
import { PublicNames } from './public-names.ts'
import { unquoted } from './quoted-string.ts'
import { belongsToHead } from './trailer-names.ts'

// RFC 9110 7.6.1; Persistent-Auth and the proxy fields belong to the connection behind us; Alt-Svc (RFC 7838) would
// lead clients around the proxy; X-Request-Id is ours; Service-Worker-Allowed would put a script of the server between
// browsers and our own pages (Service Workers 5.2); NEL (Network Error Logging 4) would have browsers tell somebody the
// address of every request to the host, codes of sign-ins among them. Trailer only announces, and Node throws where it stands without
// chunks.
const DROPPED: readonly string[] = [
  ...['keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'http2-settings'],
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
]

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

/** What is done with a field. */
interface Rule {
  /** Default: it passes as it came. Undefined: it is dropped. */
  readonly rewrite?: Rewrite
  /** What else it tells, or where it goes. */
  readonly role?: 'connection' | 'caching' | 'pragma' | 'challenge' | 'type' | 'first'
}

const PASSED: Rule = {}
const NONE_PASSES: Rule = { rewrite: () => undefined }

/** How many spellings of names are remembered, and how long they are. */
const MAX_REMEMBERED = 2048
const MAX_REMEMBERED_LENGTH = 64

interface FilteredFields extends ResponseFields {
  fields: string[]
  hasChallenge: boolean
  isEventStream: boolean
  hasCacheControl: boolean
  pragma: string | undefined
  connection: string | undefined
}

export class ResponseFieldFilter {
  /** By the name in lower case. */
  readonly #special: ReadonlyMap<string, Rule>
  /** By the name as it is spelled. */
  readonly #rules = new BoundedMap<string, Rule>(MAX_REMEMBERED)
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
    this.#special = new Map<string, Rule>([
      ...[...DROPPED, ...strictTransport.slice(0, 1)].map((name): [string, Rule] => [name.toLowerCase(), NONE_PASSES]),
      ['connection', { role: 'connection' }],
      ['cache-control', { rewrite: personalCacheControl, role: 'caching' }],
      ['pragma', { role: 'pragma' }],
      ['content-type', { role: 'type' }],
      // Behind a Content-Length Node takes its octets for UTF-8, and throws where there is no such octet in Latin-1.
      ['content-disposition', { role: 'first' }],
      ['location', { rewrite: names.location }],
      ['content-location', { rewrite: names.location }],
      ['refresh', { rewrite: names.refresh }],
      ['link', { rewrite: names.link }],
      ['www-authenticate', { rewrite: relay, role: 'challenge' }],
      ['lfs-authenticate', { rewrite: relay }],
      ['set-cookie', { rewrite: cookieRewriter(publicUrl, upstreamUrl, ownCookies) }],
    ])
  }

  /** Trailer fields: those that pass untouched in a head, and mean something at the end. */
  filterTrailers(raw: readonly string[]): [string, string][] {
    const pairs: [string, string][] = []
    for (let index = 0; index < raw.length; index += 2) {
      const name = raw[index] as string
      const rule = this.#rules.get(name) ?? this.#learn(name)
      if (rule === PASSED && !belongsToHead(name.toLowerCase())) pairs.push([name, raw[index + 1] as string])
    }
    return pairs
  }

  /** `raw`: as in `filter`, of a final response to a browser or to somebody else. */
  filterFinal(raw: readonly string[], status: number, isForBrowser: boolean): ResponseFields {
    const filtered = this.filter(raw)
    const { fields, hasCacheControl, pragma } = filtered
    // What a 304 says takes the place of what the client has kept, of its age too (RFC 9111 3.2).
    if (!hasCacheControl && status !== 304) fields.push('Cache-Control', cacheControlInPlaceOf(pragma))
    // Nobody else would read it.
    if (isForBrowser) fields.push(...this.#strictTransport)
    return filtered
  }

  /** `raw`: name, value, name, value, as received. */
  filter(raw: readonly string[]): FilteredFields {
    const filtered: FilteredFields = {
      fields: [],
      hasChallenge: false,
      isEventStream: false,
      hasCacheControl: false,
      pragma: undefined,
      connection: undefined,
    }
    for (let index = 0; index < raw.length; index += 2) {
      const name = raw[index] as string
      const value = raw[index + 1] as string
      const rule = this.#rules.get(name) ?? this.#learn(name)
      if (rule === PASSED) filtered.fields.push(name, value)
      else put(filtered, rule, name, value)
    }
    const { connection } = filtered
    if (connection !== undefined && !PLAIN.test(connection)) filtered.fields = withoutNamed(filtered.fields, connection)
    return filtered
  }

  #learn(name: string): Rule {
    const lower = name.toLowerCase()
    const rule = this.#special.get(lower) ?? (isForThoseBefore(lower) ? NONE_PASSES : PASSED)
    if (name.length <= MAX_REMEMBERED_LENGTH) this.#rules.set(ownText(name), rule)
    return rule
  }
}

function put(filtered: FilteredFields, { rewrite, role }: Rule, name: string, value: string): void {
  if (role === 'connection') {
    filtered.connection = filtered.connection === undefined ? value : `${filtered.connection},${value}`
    return
  }
  const passed = rewrite === undefined ? value : rewrite(value)
  if (passed === undefined) return
  if (role === 'caching') filtered.hasCacheControl = true
  else if (role === 'pragma') filtered.pragma = value
  else if (role === 'challenge') filtered.hasChallenge = true
  else if (role === 'type') filtered.isEventStream ||= EVENT_STREAM.test(value)
  if (role === 'first') filtered.fields.unshift(name, passed)
  else filtered.fields.push(name, passed)
}

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
