/**
 * Many contents at a time with TLS on both sides, read slowly and quickly, some given up in the middle: what is read from
 * the server goes into memory that serves again, and nobody may get what was read for somebody else, or later.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, get, type Server } from 'node:https'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { listen } from '../../devkit/op/listen.ts'
import { type Certificate, createCertificate } from '../../devkit/torhaus/certificate.ts'
import { configured, type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

const PIECE_BYTES = 50_000
const LONG_BYTES = 3 << 20
const [patName = '', patValue = ''] = patField.split(/: (.*)/)

let certificate: Certificate
let origin: Server
let proxy: ProxyUnderTest
before(async () => {
  certificate = await createCertificate('IP:127.0.0.1')
  const { certificateFile, privateKeyFile, certificate: cert, privateKey: key } = certificate
  origin = createServer({ cert, key }, async (request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'https://origin')
    const [seed, bytes] = [Number(searchParams.get('seed')), Number(searchParams.get('bytes'))]
    if (searchParams.get('framing') === 'length') response.setHeader('Content-Length', bytes)
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    for (const piece of pieces(seed, bytes)) {
      if (gone.signal.aborted) return
      if (!response.write(piece)) await once(response, 'drain', gone).catch(() => undefined)
    }
    response.end()
  })
  const upstreamUrl = `https://127.0.0.1:${await listen(origin, '127.0.0.1', 0)}`
  const tls = { certificateFile, privateKeyFile }
  proxy = await startProxy({ upstreamUrl, configure: configured({ tls }, { tls: { caFile: certificateFile } }) })
})
after(async () => {
  await proxy?.close()
  origin.closeAllConnections()
  origin.close()
  await certificate.remove()
})

/** Says at every place whose it is, and where. */
function contentAt(seed: number, from: number, bytes: number): Buffer {
  const first = from >> 2
  const words = Uint32Array.from({ length: ((from + bytes + 3) >> 2) - first }, (_, index) =>
    Math.imul(first + index + seed * 0x10_00_00, 0x9e_37_79_b1),
  )
  const skipped = from - first * 4
  return Buffer.from(words.buffer).subarray(skipped, skipped + bytes)
}

function* pieces(seed: number, bytes: number): Generator<Buffer> {
  for (let at = 0; at < bytes; at += PIECE_BYTES) yield contentAt(seed, at, Math.min(PIECE_BYTES, bytes - at))
}

interface Download {
  readonly seed: number
  readonly framing: 'length' | 'chunked'
  /** Between two reads. */
  readonly restMs: number
  readonly givesUpAfter?: number
}

/** Resolves to the number of bytes that arrived; rejects at the first that is not what was sent. */
async function download({ seed, framing, restMs, givesUpAfter }: Download): Promise<number> {
  const request = get({
    ...{ host: '127.0.0.1', port: proxy.fixture.port, rejectUnauthorized: false, agent: false },
    path: `/content?seed=${seed}&bytes=${LONG_BYTES}&framing=${framing}`,
    headers: { [patName]: patValue },
  })
  const [response] = await once(request, 'response')
  assert.equal(response.statusCode, 200)
  let at = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    assert.ok(chunk.equals(contentAt(seed, at, chunk.length)), `other bytes after ${at} of ${seed}`)
    at += chunk.length
    if (at >= (givesUpAfter ?? Number.POSITIVE_INFINITY)) break
    if (restMs > 0) await sleep(restMs)
  }
  request.destroy()
  return at
}

for (const framing of ['length', 'chunked'] as const)
  test(`18 contents at a time, ${framing}, arrive as they were sent, to slow readers as to quick ones`, async () => {
    const downloads = Array.from({ length: 18 }, (_, index): Download => {
      const restMs = index % 2 === 0 ? 0 : 2
      return { seed: index + 1, framing, restMs, ...(index % 6 === 5 && { givesUpAfter: LONG_BYTES / 3 }) }
    })
    const arrived = await Promise.all(downloads.map(download))
    for (const [index, { givesUpAfter }] of downloads.entries())
      if (givesUpAfter === undefined) assert.equal(arrived[index], LONG_BYTES)
      else assert.ok((arrived[index] ?? 0) < LONG_BYTES)
  })
