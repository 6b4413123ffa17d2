/** An origin server that remembers what reached it and answers as the test says. */

import { createHash } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { valuesOf } from '../clients/raw-http.ts'
import { closeServer } from '../op/close-server.ts'
import { listen } from '../op/listen.ts'

export type Received = {
  readonly method: string
  /** As it stood in the request line. */
  readonly target: string
  readonly fields: readonly (readonly [string, string])[]
  /** Values of all lines of a field. */
  all(name: string): string[]
  /** The connection it came on. */
  readonly socket: Socket
  /** Content so far; grows while it arrives. */
  bytes: number
  /** Hex; once the content is complete. */
  sha256: string | undefined
  text: string
  /** The content ended before it was complete. */
  aborted: boolean
}

type Answer = (request: IncomingMessage, response: ServerResponse, received: Received) => void

export type EchoOrigin = {
  readonly url: string
  readonly port: number
  readonly requests: readonly Received[]
  /** Connections accepted so far, and the most that were open at once. */
  readonly connections: number
  readonly peakConnections: number
  /** The first request to a target, once this much of its content has arrived. */
  arrived(target: string, bytes?: number): Promise<Received>
  /** What later requests are answered with; by default, what was received, as JSON, once the content has arrived. */
  answerWith(answer: Answer): void
  close(): Promise<void>
}

/** Longest content that is kept as text. */
const MAX_TEXT_BYTES = 100_000

/** Waiting for what never comes is a failure, not a hang. */
const WAIT_MS = 60_000

export async function startEchoOrigin(): Promise<EchoOrigin> {
  const requests: Received[] = []
  const changes = new EventEmitter().setMaxListeners(100)
  let answer: Answer = echo
  let [connections, open, peak] = [0, 0, 0]
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 60_000 })
  const serve: RequestListener = (request, response) => {
    const received = receive(request, () => changes.emit('change'))
    requests.push(received)
    changes.emit('change')
    answer(request, response, received)
  }
  server.on('request', serve).on('checkContinue', serve)
  server.on('connection', (socket: Socket) => {
    connections++
    peak = Math.max(peak, ++open)
    socket.on('close', () => open--)
  })
  const port = await listen(server, '127.0.0.1', 0)
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    get connections() {
      return connections
    },
    get peakConnections() {
      return peak
    },
    async arrived(target, bytes = 0) {
      for (;;) {
        const found = requests.find(request => request.target === target && request.bytes >= bytes)
        if (found !== undefined) return found
        await once(changes, 'change', { signal: AbortSignal.timeout(WAIT_MS) })
      }
    },
    answerWith(next) {
      answer = next
    },
    close: () => closeServer(server),
  }
}

/** Answers what was received, once all of it has arrived. */
export const echo: Answer = (request, response, received) => {
  request.on('end', () => {
    const { method, target, fields, bytes, sha256, text } = received
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify({ method, target, fields, bytes, sha256, text }))
  })
}

function receive(request: IncomingMessage, onContent: () => void): Received {
  const fields: (readonly [string, string])[] = []
  for (let at = 0; at < request.rawHeaders.length; at += 2)
    fields.push([request.rawHeaders[at] ?? '', request.rawHeaders[at + 1] ?? ''])
  const received: Received = {
    method: request.method ?? '',
    target: request.url ?? '',
    fields,
    all: name => valuesOf(fields, name),
    socket: request.socket,
    bytes: 0,
    sha256: undefined,
    text: '',
    aborted: false,
  }
  const hash = createHash('sha256')
  request.on('data', (chunk: Buffer) => {
    hash.update(chunk)
    received.bytes += chunk.length
    if (received.bytes <= MAX_TEXT_BYTES) received.text += chunk.toString('latin1')
    onContent()
  })
  request.on('end', () => {
    received.sha256 = hash.digest('hex')
  })
  request.on('close', () => {
    received.aborted = !request.complete
  })
  return received
}
