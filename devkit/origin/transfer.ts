import { createCipheriv, createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type OriginExchange, sendJson } from './exchange.ts'

const chunkBytes = 64 * 1024
const maxDownloadBytes = 4 * 1024 ** 3

/**
 * The same pseudo-random bytes at every call: the AES-CTR keystream of an all-zero key, in chunks of at most 64 KiB.
 */
export function* pseudoRandomContent(bytes: number): Generator<Buffer> {
  const keystream = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16))
  const zeros = Buffer.alloc(chunkBytes)
  for (let left = bytes; left > 0; left -= chunkBytes)
    yield keystream.update(zeros.subarray(0, Math.min(left, chunkBytes)))
}

/** Takes any content and says what arrived: `{ bytes, sha256 }`. */
export async function serveUpload({ request, response }: OriginExchange): Promise<void> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of request) {
    hash.update(chunk)
    bytes += chunk.length
  }
  sendJson(response, 200, { bytes, sha256: hash.digest('hex') })
}

/** Streams as many bytes of `pseudoRandomContent` as the query asks for. */
export async function serveDownload({ url, response }: OriginExchange): Promise<void> {
  const bytes = Number(url.searchParams.get('bytes') ?? 0)
  if (!Number.isSafeInteger(bytes) || bytes < 0 || bytes > maxDownloadBytes) {
    sendJson(response, 400, { message: `bytes is a number from 0 to ${maxDownloadBytes}` })
    return
  }
  response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': bytes })
  await pipeline(Readable.from(pseudoRandomContent(bytes), { objectMode: false }), response)
}
