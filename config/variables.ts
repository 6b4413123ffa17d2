/** Names of variables where other programs would put the value: here they are text like any other. */
import { type Diagnostic, diagnostic } from './diagnostic.ts'

const VARIABLE = /\$\{[A-Za-z_]\w*\}/

export function variablesIn(value: unknown, path = ''): Diagnostic[] {
  if (typeof value === 'string') {
    const [name] = VARIABLE.exec(value) ?? []
    return name === undefined
      ? []
      : [diagnostic(path, `has ${name}, but variables are not supported here: write the value`)]
  }
  if (Array.isArray(value)) return value.flatMap((inner, index) => variablesIn(inner, `${path}[${index}]`))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => variablesIn(inner, path === '' ? key : `${path}.${key}`))
}
