import type { TSchema } from 'typebox'
import Value from 'typebox/value'
import { likelyOption } from './likely-option.ts'

/** Something wrong in a configuration. */
export interface Diagnostic {
  /** Line in the file, from 1; undefined where the option is not in the file at all. */
  line: number | undefined
  /** Path of the option, e.g. `upstream.identity.kind` or `secondFactor.rules[0].when.path`. */
  path: string
  message: string
}

/** Says what is wrong with the option at `path`. */
export type Report = (path: string, message: string) => void

export function diagnostic(path: string, message: string): Diagnostic {
  return { line: undefined, path, message }
}

/** `upstream.rules[0].path` -> its keys; list positions are numbers. */
export function pathOf(path: string): (string | number)[] {
  return path
    .split(/\.|(?=\[)/)
    .filter(Boolean)
    .map(key => (key.startsWith('[') ? Number(key.slice(1, -1)) : key))
}

interface SchemaError {
  keyword: string
  instancePath: string
  params: Record<string, unknown>
  message: string
}

/** Each departure of `value` from `schema`, in words for the person who wrote the file. */
export function diagnosticsOf(schema: TSchema, value: unknown): Diagnostic[] {
  return (Value.Errors(schema, value) as unknown as SchemaError[]).flatMap(error => describe(schema, error, value))
}

function describe(schema: TSchema, error: SchemaError, value: unknown): Diagnostic[] {
  const path = dotted(error.instancePath)
  const inside = (key: string) => (path === '' ? key : `${path}.${key}`)
  switch (error.keyword) {
    case 'required':
      return strings(error.params.requiredProperties).map(key => diagnostic(inside(key), 'is required'))
    case 'additionalProperties':
      return strings(error.params.additionalProperties).map(key =>
        diagnostic(inside(key), `is not an option of Torhaus${hint(likelyOption(schema, pathOf(path), key))}`),
      )
    case 'boolean':
      return [] // Said again, by key, in additionalProperties.
    case 'type':
      return [diagnostic(path, `must be ${article(String(error.params.type), valueAt(value, error.instancePath))}`)]
    case 'enum':
      return [diagnostic(path, `must be one of: ${strings(error.params.allowedValues).join(', ')}`)]
    case 'minimum':
    case 'maximum':
      return [diagnostic(path, `must be ${error.params.comparison} ${error.params.limit}`)]
    default:
      return [diagnostic(path, error.message)]
  }
}

const hint = (option: string | undefined) => (option === undefined ? '' : `: did you mean ${option}?`)

function dotted(pointer: string): string {
  return keysOf(pointer).reduce(
    (path, key) => (/^\d+$/.test(key) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`),
    '',
  )
}

const valueAt = (value: unknown, pointer: string): unknown =>
  keysOf(pointer).reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  )

/** RFC 6901 4. */
const keysOf = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map(key => key.replaceAll('~1', '/').replaceAll('~0', '~'))

const strings = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : [])

/** `found`: what stands there in its place. */
function article(type: string, found: unknown): string {
  if (type === 'object') return 'a section'
  if (type === 'array') return typeof found === 'object' ? 'a list' : 'a list: put it in brackets, [ and ]'
  if (type === 'integer') return typeof found === 'string' ? 'a whole number, without quotes or unit' : 'a whole number'
  if (type === 'boolean') return 'true or false'
  if (type !== 'string') return `of type ${type}`
  return typeof found === 'number' || typeof found === 'boolean' ? 'text: put it in quotes' : 'text'
}
