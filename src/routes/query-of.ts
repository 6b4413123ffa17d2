import { Fault } from '../errors.ts'
import type { Traced } from '../exchange.ts'
import { formFields } from '../http/form-fields.ts'

/** Those of these names alone, in the order of the names, as often as each is there. */
export function onlyNamed(parameters: URLSearchParams, names: readonly string[]): URLSearchParams {
  return new URLSearchParams(names.flatMap(name => parameters.getAll(name).map(value => [name, value])))
}

/** What stands behind the question mark, read as a form. */
export function queryOf({ target }: Traced): URLSearchParams {
  const { raw } = target
  const query = raw.indexOf('?')
  const fields = formFields(query === -1 ? '' : raw.slice(query + 1))
  if (fields === undefined) throw new Fault('target-malformed', new Error('the query has too many parameters'))
  return fields
}
