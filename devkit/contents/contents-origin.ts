/**
 * An origin server over TLS that makes patterned content, and compares what is sent to it. All is said in the query:
 *
 *   GET  /down?stream&bytes&framing=length|chunked[&status][&breaksAt][&restMs]   content, broken off after `breaksAt`
 *   POST /up?stream&bytes[&answersAt][&breaksAt][&restMs]                         `BYTES of STREAM` once all has come, or before
 *   POST /echo?stream&bytes                                                       what comes, as it comes
 */
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { listen } from '../op/listen.ts'
import { ComparedContent, piecesOf } from './pattern.ts'

/** Not a multiple of anything. */
const PIECE_BYTES = 50_021

export interface ContentsOrigin extends AsyncDisposable {
  readonly url: string
  /** What came that nobody sent, or came as complete and was not. */
  readonly mistakes: readonly string[]
  /** Connections that are open. */
  connections(): Promise<number>
}

export async function startContentsOrigin(tls: { cert: string; key: string }): Promise<ContentsOrigin> {
  const mistakes: string[] = []
  const server = createServer(tls, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (!isGone(error)) mistakes.push(`${request.url}: ${error instanceof Error ? error.message : String(error)}`)
      response.destroy()
    })
  })
  server.on('tlsClientError', (_, socket) => socket.destroy())
  await listen(server, '127.0.0.1', 0)
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mistakes,
    connections: () =>
      new Promise((resolve, reject) => {
        server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)))
      }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

class Gone extends Error {}

const isGone = (error: unknown) =>
  error instanceof Gone || (error as NodeJS.ErrnoException | undefined)?.code === 'ECONNRESET'

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '', 'https://origin')
  const number = (name: string) => Number(searchParams.get(name) ?? Number.POSITIVE_INFINITY)
  const order = { stream: number('stream'), bytes: number('bytes'), breaksAt: number('breaksAt') }
  const restMs = Number(searchParams.get('restMs') ?? 0)
  if (pathname === '/up') return take({ ...order, answersAt: number('answersAt'), restMs }, request, response)
  if (pathname === '/echo') return echo(order, request, response)
  const status = Number(searchParams.get('status') ?? 200)
  if (searchParams.get('framing') === 'length' && status !== 204) response.setHeader('Content-Length', order.bytes)
  response.statusCode = status
  if (request.method === 'HEAD' || status !== 200) return void response.end()
  await give({ ...order, restMs }, response)
}

interface Order {
  readonly stream: number
  readonly bytes: number
  readonly breaksAt: number
}

async function give({ stream, bytes, breaksAt, restMs }: Order & { restMs: number }, response: ServerResponse) {
  let given = 0
  for (const piece of piecesOf(stream, bytes, PIECE_BYTES)) {
    await put(piece, response)
    given += piece.length
    if (given >= breaksAt) return void response.destroy()
    if (restMs > 0) await sleep(restMs)
  }
  response.end()
}

/** Resolves when there is room for more. @throws Gone */
async function put(piece: Buffer, response: ServerResponse): Promise<void> {
  if (response.destroyed) throw new Gone()
  if (response.write(piece)) return
  await new Promise<void>(resolve => {
    const goOn = () => {
      response.off('drain', goOn).off('close', goOn)
      resolve()
    }
    response.on('drain', goOn).on('close', goOn)
  })
}

async function take(
  { stream, bytes, breaksAt, answersAt, restMs }: Order & { answersAt: number; restMs: number },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const compared = new ComparedContent(stream)
  const say = () => response.headersSent || response.end(`${compared.bytes} of ${stream}`)
  for await (const chunk of request as AsyncIterable<Buffer>) {
    compared.add(chunk)
    if (compared.bytes >= breaksAt) return void request.destroy()
    if (compared.bytes >= answersAt) say()
    if (restMs > 0) await sleep(restMs)
  }
  if (compared.bytes !== bytes) throw new Error(`${compared.bytes} octets came as all of ${bytes}`)
  say()
}

async function echo({ stream, bytes }: Order, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const compared = new ComparedContent(stream)
  for await (const chunk of request as AsyncIterable<Buffer>) {
    compared.add(chunk)
    await put(chunk, response)
  }
  if (compared.bytes !== bytes) throw new Error(`${compared.bytes} octets came as all of ${bytes}`)
  response.end()
}
