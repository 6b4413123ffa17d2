/**
 * What the rules are applied to: every path and every method that a server could read a request as. Computed once, for
 * requests and handshakes alike; undefined if there is only one reading, as for nearly all requests.
 */
import { collapsedPath, hidesSegments, pathReadings } from './path-readings.ts'
import { queryValues } from './query.ts'
import { hasContent, type RequestFields } from './request-fields.ts'
import type { RequestTarget } from './request-target.ts'

export interface RequestReadings {
  /** As written first. */
  readonly paths: readonly string[]
  /** The path is spelled as nobody does without a purpose. */
  readonly hidesSegments: boolean
  /** As written, then by fields and parameters that override it. */
  readonly methods: readonly string[]
  /** The content may name another method, whichever: a form, whose `_method` Rack takes (GitLab). */
  readonly isForm: boolean
}

const METHOD = /^[A-Z-]+$/
/** Not available, by whatever name they come: TRACE would show credentials to scripts, CONNECT is for proxies of clients. */
const REFUSED: readonly string[] = ['TRACE', 'CONNECT']
/** One is what clients send. Each is decided on with every reading of the path. */
const MAX_OVERRIDES = 8

export function requestReadings(
  method: string,
  { path, raw }: RequestTarget,
  fields: RequestFields,
): RequestReadings | undefined | 'target-malformed' | 'method-override-malformed' | 'method-refused' {
  const paths = pathReadings(path)
  if (paths === 'malformed') return 'target-malformed'
  const overrides = overridesOf(method, raw, fields)
  const isForm = method === 'POST' && mayBeForm(fields.kept)
  if (paths === undefined && overrides.length === 0 && !isForm) return undefined
  if (overrides.length > MAX_OVERRIDES || !overrides.every(override => METHOD.test(override)))
    return 'method-override-malformed'
  if (overrides.some(override => REFUSED.includes(override))) return 'method-refused'
  return {
    ...{ paths: paths ?? [path], hidesSegments: paths !== undefined && hidesSegments(path) },
    ...{ methods: [...new Set([method, ...overrides])], isForm },
  }
}

/** As far as they were looked at before: the path as written and collapsed. */
export const usualPaths = (paths: readonly string[]): readonly string[] =>
  paths.length < 2 ? paths : paths.slice(0, 1).flatMap(path => [path, collapsedPath(path)])

const NONE: readonly string[] = []

function overridesOf(method: string, target: string, { methodOverrides }: RequestFields): readonly string[] {
  const parameters = method === 'POST' && target.includes('?') ? queryValues(target, '_method') : NONE
  if (parameters.length === 0 && methodOverrides.length === 0) return NONE
  // One too many is enough to know.
  const values = [...methodOverrides, ...parameters].slice(0, MAX_OVERRIDES + 1)
  const named = values.flatMap(value => value.split(',', MAX_OVERRIDES + 1)).slice(0, MAX_OVERRIDES + 1)
  if (named.length > MAX_OVERRIDES) return named
  return named.map(name => name.trim().toUpperCase()).filter(name => name !== '')
}

const FORM = /^\s*(application\/x-www-form-urlencoded|multipart\/form-data)\b/i

/** Content without a type is a form to Rack. */
export function mayBeForm(kept: RequestFields['kept']): boolean {
  const type = kept['content-type']
  return (type === undefined || FORM.test(type)) && hasContent({ kept })
}
