import { type Awaitable, after } from '../awaitable.ts'
import type { Decision } from '../decision.ts'
import type { Authenticated } from '../exchange.ts'
import { decodeWholly } from '../http/percent-decoding.ts'
import { jsonPreview } from './json-preview.ts'
import type { Lasting, LastingSign } from './lasting-rights.ts'

/**
 * Goes on with what the request makes. Where only the content tells that, it is read ahead; then it was asked for (RFC
 * 9110 10.1.1), and is not asked for again. What cannot be known counts. Once for a request.
 */
export function settleSign<T>(
  exchange: Authenticated,
  { makes, content }: LastingSign,
  then: (exchange: Authenticated, made: Lasting | undefined) => Awaitable<Decision<T>>,
): Awaitable<Decision<T>> {
  if (content === undefined) return then(exchange, makes)
  const { request, response, fields, target } = exchange
  // Rails takes parameters of the query for those of the content, and before them.
  if (content.test(decodeWholly(target.raw.slice(target.path.length)))) return then(exchange, makes)
  const { expect, ...kept } = fields.kept
  if (expect !== undefined && request.httpVersionMinor > 0) response.writeContinue()
  const settled = expect === undefined ? exchange : { ...exchange, fields: { ...fields, kept } }
  return after(jsonPreview(request, fields), text =>
    then(settled, text === undefined || content.test(text) ? makes : undefined),
  )
}
