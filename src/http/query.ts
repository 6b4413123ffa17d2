/** The parameters of a query, with every separator and in every spelling that servers accept. */
import { decodeWholly } from './percent-decoding.ts'

interface Parameter {
  readonly name: string
  /** As written; undefined without an equals sign. */
  readonly value: string | undefined
}

/** The values of a parameter, decoded, in order; also those of `name[]`, which some servers take for the same. */
export function queryValues(target: string, name: string): string[] {
  const named = parametersOf(target).filter(parameter => parameter.name === name)
  return named.map(({ value }) => (value === undefined ? '' : plainText(value)))
}

/** Whether the query has a parameter with one of these names. */
export const hasParameter = (target: string, names: ReadonlySet<string>): boolean =>
  parametersOf(target).some(({ name }) => names.has(name))

/** Of one request much is asked about the same target. */
let latest: { readonly target: string; readonly parameters: readonly Parameter[] } = { target: '', parameters: [] }

function parametersOf(target: string): readonly Parameter[] {
  if (target === latest.target) return latest.parameters
  const start = target.indexOf('?')
  const query = start === -1 ? '' : target.slice(start + 1)
  const nameOf = ODD.test(query) ? oddName : plainName
  const parameters = query.split(/[&;]/).map(pair => {
    const equals = pair.indexOf('=')
    return equals === -1
      ? { name: nameOf(pair), value: undefined }
      : { name: nameOf(pair.slice(0, equals)), value: pair.slice(equals + 1) }
  })
  latest = { target, parameters }
  return parameters
}

/** Without any of this, names are as they are written. */
const ODD = /[%+[\]]/

/** Letter case makes no difference to some servers. */
const plainName = (written: string): string => written.trim().toLowerCase()

/** Nor do brackets behind the name, or before it (Rack 2: GitLab). */
const oddName = (written: string): string => /[^[\]]+/.exec(plainText(written).toLowerCase())?.[0].trim() ?? ''

const plainText = (text: string) => decodeWholly(text.replaceAll('+', ' ')).trim()
