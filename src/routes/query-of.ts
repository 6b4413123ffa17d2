import type { Traced } from '../exchange.ts'

/** What stands behind the question mark, read as a form. */
export function queryOf({ target }: Traced): URLSearchParams {
  const { raw } = target
  const query = raw.indexOf('?')
  return new URLSearchParams(query === -1 ? '' : raw.slice(query + 1))
}
