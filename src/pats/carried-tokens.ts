/** Tokens that a request carries outside `Authorization`: in other fields and in the query. */
import { hasParameter, queryValues } from '../http/query.ts'
import type { RequestFields } from '../http/request-fields.ts'
import type { RequestTarget } from '../http/request-target.ts'
import type { TokenCarriers } from './token-carriers.ts'

export interface CarriedTokens {
  /** Each value once. */
  readonly values: readonly string[]
  /** There are carriers that none of the configured products has: what somebody makes of them is not known. */
  readonly hasOthers: boolean
}

/** Carriers that change who a request is from at some server. */
const PARAMETERS = ['private_token', 'job_token', 'access_token']

/** Nearly every query has none of these names, and no encoded one. */
const MAYBE = /[?&;](?:[+[\]]|[a-z_]*token|[^=&;%]*%)/i

/** Undefined, at no cost to speak of: there are none. */
export function carriedTokens({ fields: fieldNames, parameters }: Pick<TokenCarriers, 'fields' | 'parameters'>) {
  const otherParameters = new Set(PARAMETERS.filter(name => !parameters.includes(name)))
  const isRecognised = fieldNames.length + parameters.length > 0

  return ({ tokens }: Pick<RequestFields, 'tokens'>, { raw, path }: RequestTarget): CarriedTokens | undefined => {
    if (!isRecognised) return undefined
    const hasQuery = raw.length > path.length && MAYBE.test(raw)
    if (tokens.length === 0 && !hasQuery) return undefined
    const inQuery = hasQuery ? parameters.flatMap(name => queryValues(raw, name)) : []
    const pairs = tokens.flatMap((name, index) => (index % 2 === 0 ? [[name, tokens[index + 1] ?? ''] as const] : []))
    const inFields = pairs.filter(([name]) => fieldNames.includes(name)).map(([, value]) => value.trim())
    const values = [...new Set([...inFields, ...inQuery])]
    if (values.length === 0) return undefined
    const hasOthers =
      pairs.some(([name]) => !fieldNames.includes(name) && name !== 'x-nuget-apikey') ||
      (hasQuery && hasParameter(raw, otherParameters))
    return { values, hasOthers }
  }
}
