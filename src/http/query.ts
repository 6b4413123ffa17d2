/** Parameters of a query, by every separator and in every spelling that servers take. */
import { decodeWholly } from './percent-decoding.ts'

/** The values of a parameter, decoded, in order; also those of `name[]`, which some servers take for the same. */
export function queryValues(target: string, name: string): string[] {
  const start = target.indexOf('?')
  if (start === -1) return []
  const values: string[] = []
  for (const pair of target.slice(start + 1).split(/[&;]/)) {
    const equals = pair.indexOf('=')
    const written = equals === -1 ? pair : pair.slice(0, equals)
    if (nameOf(written) === name) values.push(equals === -1 ? '' : plainText(pair.slice(equals + 1)))
  }
  return values
}

/** Whether a parameter of one of these names stands in the query. */
export function hasParameter(target: string, names: ReadonlySet<string>): boolean {
  const start = target.indexOf('?')
  if (start === -1) return false
  return target
    .slice(start + 1)
    .split(/[&;]/)
    .some(pair => names.has(nameOf(pair.split('=', 1)[0] ?? '')))
}

/** Letter case makes no difference to some servers, nor brackets behind the name, nor before it (Rack 2: GitLab). */
const nameOf = (written: string): string => /[^[\]]+/.exec(plainText(written).toLowerCase())?.[0].trim() ?? ''

const plainText = (text: string) => decodeWholly(text.replaceAll('+', ' ')).trim()
