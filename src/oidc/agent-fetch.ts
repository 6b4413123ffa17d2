/**
 * Replaces Node's `fetch`, which cannot be given a certificate authority or a proxy, and resolves the address through
 * the system each time, however long that takes. Each request has its own connection: there are few of them, none is
 * sent twice, and none uses a connection that is being closed.
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import { Readable } from 'node:stream'
import type { ProviderSettings } from '../../config/schema.ts'
import { isPlainHttp } from '../../config/url-rules.ts'

export interface Sending {
  readonly method: string
  readonly headers: Record<string, string>
  /** None, or what has a text form. */
  readonly body: unknown
  readonly signal: AbortSignal
}

export type Fetch = (url: string, sending: Sending) => Promise<Response>

export interface AgentSettings {
  /** Certificates in PEM; default: those that Node trusts. */
  readonly ca?: string | undefined
  /** Default: from the environment, if Node is told to use it (NODE_USE_ENV_PROXY). */
  readonly proxy?: ProviderSettings['proxy']
  /** Default: that of the system. */
  readonly lookup?: LookupFunction | undefined
}

export function agentFetch({ ca, proxy, lookup }: AgentSettings): Fetch {
  const proxyEnv = proxy === undefined ? undefined : { HTTP_PROXY: proxy, HTTPS_PROXY: proxy }
  const plain = { lookup, agent: proxyEnv && new HttpAgent({ proxyEnv }) }
  const secure = { lookup, ca, agent: proxyEnv && new HttpsAgent({ proxyEnv }) }
  return async (url, { method, headers, body, signal }) => {
    // Some firewalls in front of OPs let nobody pass who does not say what they are.
    const fields = { 'user-agent': 'torhaus', ...headers, 'accept-encoding': 'identity', connection: 'close' }
    const message = await new Promise<IncomingMessage>((resolve, reject) => {
      const asked = { method, headers: fields, signal }
      const request = isPlainHttp(url)
        ? httpRequest(url, { ...asked, ...plain }, resolve)
        : httpsRequest(url, { ...asked, ...secure }, resolve)
      // As `fetch` says it: what is wrong with the connection is told apart by it.
      const fail = (cause: Error) => reject(signal.aborted ? signal.reason : failure(cause))
      request.on('error', fail)
      // An unrequested change of protocol (101) ends the connection here, without an error.
      request.on('close', () => fail(new Error('the connection ended without an answer')))
      request.end(body == null ? undefined : String(body))
    })
    return responseOf(message)
  }
}

const WITHOUT_CONTENT = [204, 205, 304]

const failure = (cause: unknown) => new TypeError('fetch failed', { cause })

function responseOf(message: IncomingMessage): Response {
  const { statusCode: status = 0, rawHeaders } = message
  // What a `Response` can be.
  if (status < 200 || status > 599) {
    message.destroy()
    throw failure(new Error(`the status ${status} is none that ends a request`))
  }
  const headers = new Headers()
  for (let at = 0; at < rawHeaders.length; at += 2) headers.append(rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '')
  const hasContent = !WITHOUT_CONTENT.includes(status)
  if (!hasContent) message.resume()
  const content = hasContent ? (Readable.toWeb(message) as ReadableStream<Uint8Array>) : null
  // Its phrase is for people, and may have in it what a `Response` refuses (RFC 9112 4).
  return new Response(content, { status, headers })
}
