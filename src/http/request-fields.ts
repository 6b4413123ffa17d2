/**
 * The fields of a request, walked once: what may go on to the upstream is copied, what we act on is kept aside, what
 * must not pass is dropped. docs/header-handling.md tells what happens to each field.
 *
 * A server behind us may fold `-`, `_` and `.` in names (CGI, WSGI and some .NET hosts do), or whatever is no letter or
 * digit (CGI of lighttpd, Apache before 2.4), so names are compared folded: `X_Forwarded.User` is dropped like
 * `X-Forwarded-User`.
 */
import { BoundedMap } from '../bounded-map.ts'
import type { Code } from '../errors.ts'
import { belongsToHead } from './trailer-names.ts'

type Values = readonly (string | undefined)[]

/** Fields we read, by their place among the values. One literal, so that all requests have fields of one shape. */
const keptOf = (values: Values) => ({
  accept: values[0],
  'access-control-request-method': values[1],
  authorization: values[2],
  'content-length': values[3],
  cookie: values[4],
  expect: values[5],
  forwarded: values[6],
  host: values[7],
  'max-forwards': values[8],
  origin: values[9],
  purpose: values[10],
  'sec-fetch-dest': values[11],
  'sec-fetch-mode': values[12],
  'sec-fetch-site': values[13],
  'sec-purpose': values[14],
  'sec-websocket-key': values[15],
  'service-worker': values[16],
  traceparent: values[17],
  'transfer-encoding': values[18],
  upgrade: values[19],
  'user-agent': values[20],
  via: values[21],
  'x-forwarded-for': values[22],
  'x-request-id': values[23],
  'x-requested-with': values[24],
  'x-tfs-fedauthredirect': values[25],
  'x-vss-reauthenticationaction': values[26],
  connection: values[27],
  'content-encoding': values[28],
  'content-type': values[29],
})

const KEPT: readonly string[] = Object.keys(keptOf([]))

type KeptName = keyof ReturnType<typeof keptOf>

export interface RequestFields {
  /**
   * Name, value, name, value: end-to-end fields in the order and spelling of the client, none of which we write
   * ourselves.
   */
  readonly forward: string[]
  /** Each is undefined when absent. */
  readonly kept: Readonly<Partial<Record<KeptName, string | undefined>>>
  /** Values of the fields that name another method, in any spelling. */
  readonly methodOverrides: readonly string[]
  /** There is a field by which a server acts as somebody else, in any spelling. */
  readonly changesIdentity: boolean
  /** Fields that may carry a token beside Authorization: folded name, value, folded name, value. */
  readonly tokens: readonly string[]
  /** There are fields that say in yet another way who the request is from. */
  readonly hasCompanions: boolean
}

// Hop-by-hop (RFC 9110 7.6.1), and what we write anew for the next hop. They are read where KEPT names them, never
// forwarded.
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
  ...['client-ip', 'x-forwarded', 'forwarded-for', 'x-originating-ip', 'x-remote-ip', 'x-remote-addr'],
  ...['proxy-client-ip', 'wl-proxy-client-ip', 'fastly-client-ip', 'x-azure-clientip', 'x-original-forwarded-for'],
  // Some servers take path, identity or files to send (Rack, CVE-2025-61780) from these, whoever sends them.
  ...['x-original-url', 'x-rewrite-url', 'x-iis-windowsauthtoken', 'remote-user', 'x-remote-user'],
  ...['x-sendfile-type', 'x-accel-mapping', 'aspfiltersessionid'],
  ...['x-tfs-impersonate', 'x-tfs-subjectdescriptorimpersonate'],
]
const DROPPED_PREFIXES = [
  'x-forwarded-',
  'x-torhaus-',
  'x-iisnode-',
  'x-webauth-',
  'x-auth-request-',
  'x-ms-client-principal',
  // Certificates that somebody else claims to have seen (RFC 9440, and before it).
  ...['client-cert', 'x-client-cert', 'x-ssl-client-', 'ssl-client-', 'x-arr-clientcert', 'x-amzn-mtls-'],
]

/** Servers take the method from these (Azure DevOps, Rack and others). */
const METHOD_OVERRIDES = ['x-http-method-override', 'x-http-method', 'x-method-override']

/** Tokens beside Authorization (GitLab; NuGet). */
const TOKENS = ['private-token', 'job-token', 'deploy-token', 'x-nuget-apikey']

/** Signed requests and tickets (Gitea, Chef, GitLab, Azure DevOps): they never go along beside a token. */
const COMPANIONS = ['signature', 'x-ssh-certificate', 'x-gitlab-static-object-token', 'x-vss-downloadticket']

// Fields that a Connection field must not take away (Traefik CVE-2024-45410), beside those we write, and those that say
// who asks, or by which method: what was judged is what goes on.
const NOT_HOP_BY_HOP = [
  'host',
  'authorization',
  'cookie',
  'content-length',
  'forwarded',
  'via',
  'origin',
  'content-type',
  'access-control-request-method',
]

/** May stand once only (RFC 9110 5.3); more than once is refused, never joined. */
const SINGLE: readonly string[] = [
  ...['host', 'authorization', 'content-length', 'transfer-encoding', 'expect', 'origin', 'content-type'],
  'sec-websocket-key',
]

interface FieldRule {
  readonly forwarded: boolean
  /** Its place among the values that are kept; undefined: it is not read. */
  readonly kept: number | undefined
  readonly role: 'method-override' | 'identity-change' | 'token' | 'companion' | undefined
}

const fold = (name: string) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '-')

function roleOf(folded: string): FieldRule['role'] {
  if (METHOD_OVERRIDES.includes(folded)) return 'method-override'
  // Acting as another (Gitea, GitLab).
  if (folded === 'sudo') return 'identity-change'
  if (TOKENS.includes(folded)) return 'token'
  return COMPANIONS.includes(folded) || folded.startsWith('x-ops-') ? 'companion' : undefined
}

/** Fields without those that say in another way than by a token who the request is from. */
export function withoutCompanions(fields: readonly string[]): string[] {
  return fields.filter((_, index) => roleOf(fold(fields[index - (index % 2)] ?? '')) !== 'companion')
}

/** Rules are looked up by the name as spelled; how many spellings are remembered is bounded, and how long they are. */
const MAX_REMEMBERED = 2048
const MAX_REMEMBERED_LENGTH = 64

export class RequestFieldReader {
  readonly #identityFields: ReadonlySet<string>
  readonly #maxFields: number
  readonly #rules = new BoundedMap<string, FieldRule>(MAX_REMEMBERED)

  /** `identityFields`: names of fields we tell the upstream who the user is with. */
  constructor(identityFields: readonly string[], maxFields: number) {
    this.#identityFields = new Set(identityFields.map(fold))
    this.#maxFields = maxFields
  }

  /** `rawHeaders` as Node gives them: name, value, name, value. */
  read(rawHeaders: readonly string[]): RequestFields | Code {
    if (rawHeaders.length > 2 * this.#maxFields) return 'too-many-fields'
    const forward: string[] = []
    const values = new Array<string | undefined>(KEPT.length).fill(undefined)
    let methodOverrides = NONE
    let changesIdentity = false
    let hasCompanions = false
    let tokens = NONE
    for (let index = 0; index < rawHeaders.length; index += 2) {
      const name = rawHeaders[index] as string
      const value = rawHeaders[index + 1] as string
      const rule = this.#rules.get(name) ?? this.#learn(name)
      const problem = rule.kept === undefined ? undefined : keep(values, rule.kept, value)
      if (problem !== undefined) return problem
      if (rule.forwarded) forward.push(name, value)
      if (rule.role === undefined) continue
      if (rule.role === 'identity-change') changesIdentity = true
      else if (rule.role === 'token') tokens = added(tokens, fold(name), value)
      else if (rule.role === 'companion') hasCompanions = true
      else methodOverrides = added(methodOverrides, value)
    }
    const kept = keptOf(values)
    const { connection } = kept
    const fields = { forward, kept, methodOverrides, changesIdentity, tokens, hasCompanions }
    return connection === undefined || PLAIN_CONNECTION.test(connection) ? fields : this.#apply(connection, fields)
  }

  /** Whether a field of that name may be forwarded where no rule has seen it: among trailers. */
  mayForward(name: string): boolean {
    const { forwarded, kept, role } = this.#rules.get(name) ?? this.#learn(name)
    return forwarded && kept === undefined && role === undefined && !belongsToHead(fold(name))
  }

  #learn(name: string): FieldRule {
    const folded = fold(name)
    const dropped =
      DROPPED.includes(folded) ||
      this.#identityFields.has(folded) ||
      DROPPED_PREFIXES.some(prefix => folded.startsWith(prefix))
    // Only the true spelling is acted on; an alias of a field of ours is dropped and nothing more.
    const place = KEPT.indexOf(name.toLowerCase())
    const rule: FieldRule = { forwarded: !dropped, kept: place === -1 ? undefined : place, role: roleOf(folded) }
    if (name.length <= MAX_REMEMBERED_LENGTH) this.#rules.set(name, rule)
    return rule
  }

  /** RFC 9110 7.6.1: fields named in Connection are for this hop only. */
  #apply(connection: string, fields: RequestFields): RequestFields | Code {
    const { forward } = fields
    const named = new Set([...new Set(connection.split(','))].map(option => fold(option.trim())))
    const isKept = (name: string) =>
      NOT_HOP_BY_HOP.includes(name) || this.#identityFields.has(name) || roleOf(name) !== undefined
    if ([...named].some(isKept)) return 'connection-field-refused'
    const remaining: string[] = []
    for (let index = 0; index < forward.length; index += 2)
      if (!named.has(fold(forward[index] as string))) remaining.push(...forward.slice(index, index + 2))
    return { ...fields, forward: remaining }
  }
}

function keep(values: (string | undefined)[], place: number, value: string): Code | undefined {
  const earlier = values[place]
  if (earlier === undefined) {
    values[place] = value
    return undefined
  }
  const name = KEPT[place] ?? ''
  if (name === 'authorization' && value === earlier) return undefined // Git LFS, with `http.extraHeader`; one goes on.
  if (SINGLE.includes(name)) return name === 'host' ? 'host-invalid' : 'field-duplicated'
  values[place] = `${earlier}${name === 'cookie' ? '; ' : ', '}${value}`
  return undefined
}

const NONE: string[] = [] // Never added to: a list of its own begins with the first.
const added = (list: string[], ...values: string[]) => (list.length > 0 && list.push(...values) ? list : values)
const PLAIN_CONNECTION = /^(keep-alive|close)$/i

/** RFC 9112 6.3: Content-Length or Transfer-Encoding says that there is content. */
export function hasContent({ kept }: Pick<RequestFields, 'kept'>): boolean {
  const length = kept['content-length']
  return kept['transfer-encoding'] !== undefined || (length !== undefined && !/^0+$/.test(length))
}
