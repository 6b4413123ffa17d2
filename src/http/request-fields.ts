/**
 * The fields of a request, walked once: what may go on to the upstream is copied, what we act on is kept aside, what
 * must not pass is dropped. docs/header-handling.md tells what happens to each field.
 *
 * A server behind us may fold `-`, `_` and `.` in names (CGI, WSGI and some .NET hosts do), so names are compared folded:
 * `X_Forwarded.User` is dropped like `X-Forwarded-User`.
 */
import type { Code } from '../errors.ts'

/** Fields we read. Each is undefined when absent. */
const KEPT = [
  'accept',
  'access-control-request-method',
  'authorization',
  'content-length',
  'cookie',
  'expect',
  'forwarded',
  'host',
  'max-forwards',
  'origin',
  'sec-fetch-mode',
  'sec-fetch-site',
  'sec-websocket-key',
  'transfer-encoding',
  'upgrade',
  'user-agent',
  'via',
  'x-forwarded-for',
  'x-http-method-override',
  'x-request-id',
  'x-requested-with',
  'x-tfs-fedauthredirect',
  'x-vss-reauthenticationaction',
  'connection',
  'content-type',
] as const

type KeptName = (typeof KEPT)[number]

export interface RequestFields {
  /** Name, value, name, value: end-to-end fields in the order and spelling of the client, none of which we write ourselves. */
  readonly forward: string[]
  readonly kept: Readonly<Partial<Record<KeptName, string>>>
}

// Hop-by-hop (RFC 9110 7.6.1), and what we write anew for the next hop. They are read where KEPT names them, never forwarded.
const DROPPED = [
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
  ...['proxy-authorization', 'proxy-authenticate', 'proxy-authentication-info'],
  ...['host', 'authorization', 'cookie', 'content-length', 'expect', 'via', 'max-forwards', 'x-request-id'],
  ...['forwarded', 'x-real-ip', 'x-client-ip', 'x-cluster-client-ip', 'true-client-ip', 'cf-connecting-ip'],
  // Some servers take path or identity from these, whoever sends them.
  ...['x-original-url', 'x-rewrite-url', 'x-iis-windowsauthtoken', 'x-tfs-impersonate', 'remote-user', 'x-remote-user'],
]
const DROPPED_PREFIXES = [
  'x-forwarded-',
  'x-torhaus-',
  'x-iisnode-',
  'x-webauth-',
  'x-auth-request-',
  'x-ms-client-principal',
]

// Fields that a Connection field must not take away (Traefik CVE-2024-45410), beside those we write.
const NOT_HOP_BY_HOP = [
  'host',
  'authorization',
  'cookie',
  'content-length',
  'forwarded',
  'via',
  'origin',
  'content-type',
]

/** May stand once only (RFC 9110 5.3); more than once is refused, never joined. */
const SINGLE: readonly string[] = [
  'host',
  'authorization',
  'content-length',
  'transfer-encoding',
  'expect',
  'origin',
  'content-type',
  'sec-websocket-key',
]

interface FieldRule {
  readonly forwarded: boolean
  readonly kept: KeptName | undefined
}

const fold = (name: string) => name.toLowerCase().replaceAll(/[_.]/g, '-')

/** Rules are looked up by the name as spelled; the number of spellings remembered is bounded. */
const MAX_REMEMBERED = 2048

export class RequestFieldReader {
  readonly #identityFields: ReadonlySet<string>
  readonly #maxFields: number
  readonly #rules = new Map<string, FieldRule>()

  /** `identityFields`: names of fields we tell the upstream who the user is with. */
  constructor(identityFields: readonly string[], maxFields: number) {
    this.#identityFields = new Set(identityFields.map(fold))
    this.#maxFields = maxFields
  }

  /** `rawHeaders` as Node gives them: name, value, name, value. */
  read(rawHeaders: readonly string[]): RequestFields | Code {
    if (rawHeaders.length > 2 * this.#maxFields) return 'too-many-fields'
    const forward: string[] = []
    const kept: Partial<Record<KeptName, string>> = {}
    for (let index = 0; index < rawHeaders.length; index += 2) {
      const name = rawHeaders[index] as string
      const value = rawHeaders[index + 1] as string
      const rule = this.#rules.get(name) ?? this.#learn(name)
      const problem = rule.kept === undefined ? undefined : keep(kept, rule.kept, value)
      if (problem !== undefined) return problem
      if (rule.forwarded) forward.push(name, value)
    }
    const { connection } = kept
    return connection === undefined || PLAIN_CONNECTION.test(connection)
      ? { forward, kept }
      : this.#apply(connection, forward, kept)
  }

  /** Whether a field of that name is forwarded as the client sent it. */
  mayForward(name: string): boolean {
    return (this.#rules.get(name) ?? this.#learn(name)).forwarded
  }

  #learn(name: string): FieldRule {
    const folded = fold(name)
    const lower = name.toLowerCase()
    const dropped =
      DROPPED.includes(folded) ||
      this.#identityFields.has(folded) ||
      DROPPED_PREFIXES.some(prefix => folded.startsWith(prefix))
    // Only the true spelling is acted on; an alias of a field of ours is dropped and nothing more.
    const kept = (KEPT as readonly string[]).includes(lower) ? (lower as KeptName) : undefined
    const rule = { forwarded: !dropped, kept }
    if (this.#rules.size < MAX_REMEMBERED) this.#rules.set(name, rule)
    return rule
  }

  /** RFC 9110 7.6.1: fields named in Connection are for this hop only. */
  #apply(connection: string, forward: string[], kept: RequestFields['kept']): RequestFields | Code {
    const named = connection.split(',').map(option => fold(option.trim()))
    if (named.some(name => NOT_HOP_BY_HOP.includes(name) || this.#identityFields.has(name)))
      return 'connection-field-refused'
    const remaining: string[] = []
    for (let index = 0; index < forward.length; index += 2) {
      const name = forward[index] as string
      if (!named.includes(fold(name))) remaining.push(name, forward[index + 1] as string)
    }
    return { forward: remaining, kept }
  }
}

function keep(kept: Partial<Record<KeptName, string>>, name: KeptName, value: string): Code | undefined {
  const earlier = kept[name]
  if (earlier === undefined) {
    kept[name] = value
    return undefined
  }
  if (SINGLE.includes(name)) return name === 'host' ? 'host-invalid' : 'field-duplicated'
  kept[name] = `${earlier}${name === 'cookie' ? '; ' : ', '}${value}`
  return undefined
}

const PLAIN_CONNECTION = /^(keep-alive|close)$/i
