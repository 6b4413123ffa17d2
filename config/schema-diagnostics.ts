/**
 * What departs from the schema. Separate from `diagnostic.ts`, so that workers, which check no configuration, do not load
 * the schema library.
 */
import type { TSchema } from 'typebox'
import Value from 'typebox/value'
import { type Diagnostic, diagnostic, pathOf } from './diagnostic.ts'
import { likelyOption } from './likely-option.ts'

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
