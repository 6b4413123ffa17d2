/** An origin server with WebSockets: it remembers each handshake, and does with the socket what the test says. */
import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { listen } from '../op/listen.ts'

export type Handshake = {
  readonly request: IncomingMessage
  readonly socket: Socket
  readonly head: Buffer
  /** What came behind the handshake, where the test answers it; with `head`. */
  received: string
}

export type WebSocketOrigin = {
  readonly url: string
  /** Those that arrived as upgrades, and the targets of what arrived as an ordinary request. */
  readonly handshakes: readonly Handshake[]
  readonly requests: readonly IncomingMessage[]
  /** Connections accepted so far. */
  readonly connections: number
  /** The handshake with that target. */
  arrived(target: string): Promise<Handshake>
  /** What is done with each accepted WebSocket; by default, messages are sent back. */
  onSocket(serve: (socket: WebSocket, request: IncomingMessage) => void): void
  /** Takes handshakes in place of the WebSocket server. */
  onHandshake(take: (handshake: Handshake) => void): void
  /** Handshakes are requests like others from now on: their Upgrade is ignored (RFC 9110 7.8). */
  ignoreUpgrades(): void
  close(): Promise<void>
}

/** Waiting for what never comes is a failure, not a hang. */
const WAIT_MS = 60_000
export const MAX_MESSAGE_BYTES = 64 * 1024 * 1024

const ADA = JSON.stringify({ authenticatedUser: { id: '1', properties: { Account: { $value: 'ada' } } } })

/** `tls`: a certificate and its key, as PEM. */
export async function startWebSocketOrigin(tls?: { cert: string; key: string }): Promise<WebSocketOrigin> {
  const handshakes: Handshake[] = []
  const requests: IncomingMessage[] = []
  const sockets = new Set<Socket>()
  const changes = new EventEmitter().setMaxListeners(100)
  let connections = 0
  const acceptor = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: true,
    handleProtocols: protocols => protocols.values().next().value ?? false,
  })
  let ignoresUpgrades = false
  let serve: (socket: WebSocket, request: IncomingMessage) => void = echoMessages
  let take = ({ request, socket, head }: Handshake) =>
    acceptor.handleUpgrade(request, socket, head, webSocket => serve(webSocket, request))
  const options = { shouldUpgradeCallback: () => !ignoresUpgrades }
  const answer: RequestListener = (request, response) => {
    requests.push(request)
    // Whose token it was, as Azure DevOps says it.
    const content = request.url === '/DefaultCollection/_apis/connectionData' ? ADA : 'a page'
    request.resume().on('end', () => response.setHeader('X-VSS-UserData', '0b1c:ada').end(content))
  }
  const server = tls === undefined ? createServer(options, answer) : createTlsServer({ ...options, ...tls }, answer)
  server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    connections++
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('upgrade', (request, socket: Socket, head) => {
    socket.on('error', () => undefined)
    const handshake = { request, socket, head, received: '' }
    handshakes.push(handshake)
    changes.emit('change')
    take(handshake)
  })
  const port = await listen(server, '127.0.0.1', 0)
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    handshakes,
    requests,
    get connections() {
      return connections
    },
    async arrived(target) {
      for (;;) {
        const found = handshakes.find(({ request }) => request.url === target)
        if (found !== undefined) return found
        await once(changes, 'change', { signal: AbortSignal.timeout(WAIT_MS) })
      }
    },
    onSocket(next) {
      serve = next
    },
    onHandshake(next) {
      take = handshake => {
        handshake.received = handshake.head.toString('latin1')
        handshake.socket.on('data', (data: Buffer) => {
          handshake.received += data.toString('latin1')
        })
        next(handshake)
      }
    },
    ignoreUpgrades() {
      ignoresUpgrades = true
    },
    async close() {
      const closed = new Promise(resolve => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

function echoMessages(socket: WebSocket): void {
  socket.on('error', () => undefined)
  socket.on('message', (data: Buffer, isBinary: boolean) => socket.send(isBinary ? data : data.toString()))
}
