import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Identity } from './identity.ts'

/** One authenticated request at the origin server. */
export type OriginExchange = {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly url: URL
  readonly identity: Identity
}

/** The origin as the client sees it, so that links lead back through the proxy in front of this server. */
export function publicOrigin(request: IncomingMessage): string {
  const forwardedProto = request.headers['x-forwarded-proto']
  const scheme = forwardedProto === 'https' ? 'https' : 'http'
  return `${scheme}://${request.headers.host ?? 'localhost'}`
}

export function sendJson(response: ServerResponse, status: number, value: unknown, type = 'application/json'): void {
  response.writeHead(status, { 'Content-Type': `${type}; charset=utf-8`, 'Cache-Control': 'no-store' })
  response.end(JSON.stringify(value))
}

/** @throws {RangeError} where it is larger than `maxBytes` */
export async function readContent(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes > maxBytes) throw new RangeError(`more than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** The request content as JSON; undefined if it is none, or larger than `maxBytes`. */
export async function readJson(request: IncomingMessage, maxBytes = 1024 * 1024): Promise<unknown> {
  try {
    return JSON.parse((await readContent(request, maxBytes)).toString('utf8'))
  } catch {
    return undefined
  }
}
