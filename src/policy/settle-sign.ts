import { type Awaitable, after } from '../awaitable.ts'
import type { Decision } from '../decision.ts'
import type { Authenticated } from '../exchange.ts'
import { decodeWholly } from '../http/percent-decoding.ts'
import { jsonPreview } from './json-preview.ts'
import type { Lasting, LastingSign } from './lasting-rights.ts'

/**
 * Continues with what the request creates. If only the content shows that, it is read ahead; this sends `100 Continue`
 * (RFC 9110 10.1.1), which is then not sent again. If it cannot be determined, the request counts as creating
 * something. Done once per request.
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
