/**
 * Requests past the `fetch` of Node, where an OP has a certificate authority of its own or stands behind a proxy: that
 * one takes neither. One connection for each: there are few, and a POST is never sent twice.
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { Readable } from 'node:stream'
import type { ProviderSettings } from '../../config/schema.ts'

export interface Sending {
  readonly method: string
  readonly headers: Record<string, string>
  /** None, or what has a text form. */
  readonly body: unknown
  readonly signal: AbortSignal
}

export type Fetch = (url: string, sending: Sending) => Promise<Response>

/** `ca`: certificates in PEM. */
export function agentFetch(ca: string | undefined, proxy: ProviderSettings['proxy']): Fetch {
  const proxyEnv = proxy === undefined ? {} : { proxyEnv: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy } }
  const plain = new HttpAgent(proxyEnv)
  const secure = new HttpsAgent({ ...proxyEnv, ...(ca === undefined ? {} : { ca }) })
  return async (url, { method, headers, body, signal }) => {
    const isPlain = url.startsWith('http:')
    const fields = { ...headers, 'accept-encoding': 'identity' }
    const message = await new Promise<IncomingMessage>((resolve, reject) => {
      const options = { method, headers: fields, signal, agent: isPlain ? plain : secure }
      const request = (isPlain ? httpRequest : httpsRequest)(url, options, resolve)
      // As `fetch` says it: what is wrong with the connection is told apart by it.
      request.on('error', cause => reject(signal.aborted ? signal.reason : new TypeError('fetch failed', { cause })))
      request.end(body == null ? undefined : String(body))
    })
    return responseOf(message)
  }
}

const WITHOUT_CONTENT = [204, 205, 304]

function responseOf(message: IncomingMessage): Response {
  const { statusCode: status = 0, statusMessage: statusText = '', rawHeaders } = message
  const headers = new Headers()
  for (let at = 0; at < rawHeaders.length; at += 2) headers.append(rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '')
  const hasContent = !WITHOUT_CONTENT.includes(status)
  if (!hasContent) message.resume()
  const content = hasContent ? (Readable.toWeb(message) as ReadableStream<Uint8Array>) : null
  return new Response(content, { status, statusText, headers })
}
