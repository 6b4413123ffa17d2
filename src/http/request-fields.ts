/**
 * Reads the fields of a request in one pass: those for the upstream are copied, those that Torhaus uses are kept
 * separately, and those that must not pass are dropped (`request-field-names.ts`).
 */
import { BoundedMap } from '../bounded-map.ts'
import type { Code } from '../errors.ts'
import { type FieldRole, foldedName, isDropped, isNeverHopByHop, roleOf } from './request-field-names.ts'
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
  /** Whether there is a field, in any spelling, that makes a server act as somebody else. */
  readonly changesIdentity: boolean
  /** Fields that may carry a token beside Authorization: folded name, value, folded name, value. */
  readonly tokens: readonly string[]
  /** There are fields that say in yet another way who the request is from. */
  readonly hasCompanions: boolean
}

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
  /** Its place among the values that are kept; undefined: it is not read. */
  readonly kept: number | undefined
  readonly role: FieldRole | undefined
}

/** Fields without those that say in another way than by a token who the request is from. */
export function withoutCompanions(fields: readonly string[]): string[] {
  return fields.filter((_, index) => roleOf(foldedName(fields[index - (index % 2)] ?? '')) !== 'companion')
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
    this.#identityFields = new Set(identityFields.map(foldedName))
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
      else if (rule.role === 'token') tokens = added(tokens, foldedName(name), value)
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
    return forwarded && kept === undefined && role === undefined && !belongsToHead(foldedName(name))
  }

  #learn(name: string): FieldRule {
    const folded = foldedName(name)
    // Read only in its exact spelling, in any letter case; another spelling of a field that is dropped is only dropped.
    const place = KEPT.indexOf(name.toLowerCase())
    const rule: FieldRule = {
      forwarded: !isDropped(folded) && !this.#identityFields.has(folded),
      kept: place === -1 ? undefined : place,
      role: roleOf(folded),
    }
    if (name.length <= MAX_REMEMBERED_LENGTH) this.#rules.set(name, rule)
    return rule
  }

  /** RFC 9110 7.6.1: fields named in Connection are for this hop only. */
  #apply(connection: string, fields: RequestFields): RequestFields | Code {
    const { forward } = fields
    const named = new Set([...new Set(connection.split(','))].map(option => foldedName(option.trim())))
    const isKept = (name: string) => isNeverHopByHop(name) || this.#identityFields.has(name)
    if ([...named].some(isKept)) return 'connection-field-refused'
    const remaining: string[] = []
    for (let index = 0; index < forward.length; index += 2) {
      const name = forward[index] as string
      if (!named.has(foldedName(name))) remaining.push(name, forward[index + 1] as string)
    }
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
  // Git LFS sends what is configured as `http.extraHeader` beside the same from the server; one goes on.
  if (name === 'authorization' && value === earlier) return undefined
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
