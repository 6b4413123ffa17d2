import { type Code, Fault } from '../errors.ts'
import type { Traced } from '../exchange.ts'
import { formFields } from '../http/form-fields.ts'
import { isFormType } from '../http/form-type.ts'

export interface FormLimits {
  readonly maxBytes: number
  readonly timeoutMs: number
}

/**
 * The form in a request's content (application/x-www-form-urlencoded). Rejects with `code` if the content is of
 * another type, too large, too slow, or has too many fields; with `request-content-aborted` if it ends early.
 */
export async function readForm(
  exchange: Traced,
  { maxBytes, timeoutMs }: FormLimits,
  code: Code,
): Promise<URLSearchParams> {
  const { kept } = exchange.fields
  const refuse = (why: string) => new Fault(code, new Error(why))
  if (!isFormType(kept['content-type'])) throw refuse('the content is no form')
  if (Number(kept['content-length'] ?? 0) > maxBytes) throw refuse('the content is too long')
  // HTTP/1.0 does not have 1xx responses (RFC 9110 10.1.1).
  if (kept.expect !== undefined && exchange.request.httpVersionMinor > 0) exchange.response.writeContinue()
  const form = formFields(await readText(exchange, maxBytes, timeoutMs, refuse))
  if (form === undefined) throw refuse('the form has too many fields')
  return form
}

function readText(
  { request }: Traced,
  maxBytes: number,
  timeoutMs: number,
  refuse: (why: string) => Fault,
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const chunks: Buffer[] = []
  let bytes = 0
  const timer = setTimeout(() => reject(refuse('the content takes too long')), timeoutMs)
  const onData = (chunk: Buffer): void => {
    bytes += chunk.length
    if (bytes > maxBytes) reject(refuse('the content is too long'))
    else chunks.push(chunk)
  }
  const onEnd = () => resolve(Buffer.concat(chunks).toString('utf8'))
  const onClose = () => reject(new Fault('request-content-aborted'))
  request.on('data', onData).once('end', onEnd).once('close', onClose)
  // Stops reading: the sender of the response handles the rest, which would be buffered here.
  return promise.finally(() => {
    clearTimeout(timer)
    request.off('data', onData).off('end', onEnd).off('close', onClose)
  })
}
