/**
 * Requests to the endpoints in the OP's metadata: only with the scheme of the issuer, without following redirects, and
 * bounded in time and size.
 */
import type { LookupFunction } from 'node:net'
import { bytesIn } from '../../config/files-read.ts'
import type { ProviderSettings } from '../../config/schema.ts'
import { Fault } from '../errors.ts'
import { agentFetch } from './agent-fetch.ts'
import { faultOfEndpoint } from './op-endpoints.ts'

export interface OpRequest {
  readonly method?: string
  readonly headers: Record<string, string>
  readonly body?: string | ArrayBuffer | null | ReadableStream | Uint8Array | undefined | URLSearchParams
  readonly signal?: AbortSignal | undefined
  /** The redirect is what was asked for, and nobody follows it. */
  readonly mayRedirect?: true
}

export type OpFetch = (url: string, request: OpRequest) => Promise<Response>

export type OpFetchSettings = Pick<ProviderSettings, 'caFile' | 'issuer' | 'proxy' | 'timeoutMs'>

/** Metadata, key sets and token responses have some kilobytes. */
const MAX_RESPONSE_BYTES = 1_048_576

/**
 * Rejects with `op-response-invalid` if the URL is not acceptable, the response is too large, or it is a redirect that
 * was not asked for. `lookup`: see `agentFetch`.
 */
export function opFetch({ issuer, timeoutMs, caFile, proxy }: OpFetchSettings, lookup?: LookupFunction): OpFetch {
  const ask = agentFetch({ ca: caFile && bytesIn(caFile).toString(), proxy, lookup })
  return async (url, { method = 'GET', headers, body, mayRedirect, signal = AbortSignal.timeout(timeoutMs) }) => {
    const wrong = faultOfEndpoint(url, issuer)
    if (wrong !== undefined) throw refused(url, wrong)
    // Redirects are not followed: they could lead anywhere, and the response would be taken for the OP's.
    const response = await ask(url, { method, headers, body, signal })
    if (mayRedirect === undefined && response.status >= 300 && response.status < 400) {
      await response.body?.cancel()
      throw refused(url, `redirects (${response.status}), but redirects are not followed`)
    }
    const content = await readBounded(response, url).catch((error: unknown) => {
      // It broke off, or was not whole in time.
      throw error instanceof Fault
        ? error
        : signal.aborted
          ? signal.reason
          : new TypeError('fetch failed', { cause: error })
    })
    const { status, headers: fields } = response
    return new Response(content.length === 0 ? null : content, { status, headers: fields })
  }
}

/** Counted while it is read, after any content coding: a length that is announced proves nothing. */
async function readBounded({ body }: Response, url: string): Promise<Buffer<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength
    // Leaving the loop cancels the stream, and with it the connection.
    if (bytes > MAX_RESPONSE_BYTES) throw refused(url, `has more than ${MAX_RESPONSE_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Without the query, which is nobody's business in a log. */
function refused(url: string, why: string): Fault {
  return new Fault('op-response-invalid', new Error(`${url.split('?')[0]} ${why}`))
}
