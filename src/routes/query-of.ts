import { Fault } from '../errors.ts'
import type { Traced } from '../exchange.ts'
import { formFields } from '../http/form-fields.ts'

/** Only the parameters with these names, in the order of the names, including repetitions. */
export function onlyNamed(parameters: URLSearchParams, names: readonly string[]): URLSearchParams {
  return new URLSearchParams(names.flatMap(name => parameters.getAll(name).map(value => [name, value])))
}

/** The query of the request target, parsed as a form. */
export function queryOf({ target }: Traced): URLSearchParams {
  const { raw } = target
  const query = raw.indexOf('?')
  const fields = formFields(query === -1 ? '' : raw.slice(query + 1))
  if (fields === undefined) throw new Fault('target-malformed', new Error('the query has too many parameters'))
  return fields
}
