import { Fault } from '../errors.ts'
import type { Traced } from '../exchange.ts'
import { formFields } from '../http/form-fields.ts'

/** What stands behind the question mark, read as a form. */
export function queryOf({ target }: Traced): URLSearchParams {
  const { raw } = target
  const query = raw.indexOf('?')
  const fields = formFields(query === -1 ? '' : raw.slice(query + 1))
  if (fields === undefined) throw new Fault('target-malformed', new Error('the query has too many parameters'))
  return fields
}
