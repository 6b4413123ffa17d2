/**
 * The server for clients as Node provides it, with the limits of the configuration, and what never becomes a request.
 */
import http, { type IncomingMessage, type RequestListener, type Server } from 'node:http'
import https from 'node:https'
import type { Socket } from 'node:net'
import { addressSet } from '../../config/address-range.ts'
import type { Config } from '../../config/schema.ts'
import type { TlsPair } from '../../config/tls-pair.ts'
import type { MonotonicClock } from '../clock.ts'
import type { Code } from '../errors.ts'
import { fieldLines } from '../http/field-lines.ts'
import { UNWATCHED } from '../http/unwatched.ts'
import { clientOf } from './client-address.ts'
import { clientCertificateOptions } from './client-certificate.ts'
import { ClientConnections, type ConnectionUse } from './client-connections.ts'
import { type HandshakeFailure, handshakeFailure } from './handshake-failure.ts'
import { hasBegunRequest } from './parser-error.ts'
import { rememberDoor } from './private-entrance.ts'
import { expectProxyHeaders } from './proxy-protocol.ts'
import { optionsOf } from './tls-profile.ts'

export interface ListenerParts {
  readonly listener: Config['listener']
  readonly tls: TlsPair | undefined
  /** Called for what never became a request. `reason`: of `tls-handshake-failed`. */
  readonly rejected: (code: Code, client: string | undefined, reason?: HandshakeFailure) => void
  readonly monotonic: MonotonicClock
}

/** How often Node looks for heads that are late. Its own 30 s would make any shorter deadline one of 30 s. */
const LATE_HEADS_INTERVAL_MS = 1000
/** At least 3 s, for a segment that is sent again (proxy-protocol.txt 2). */
const PROXY_HEADER_TIMEOUT_MS = 5000

/** What becomes of a request that asks to change the protocol (RFC 9110 7.8). */
export interface Upgrades {
  /** False: it is served like any other. */
  readonly isWanted: (request: IncomingMessage) => boolean
  /** From then on the socket is no business of HTTP. `head`: what was read already past the request. */
  readonly take: (request: IncomingMessage, socket: Socket, head: Buffer) => void
}

export interface Handlers extends Upgrades, ConnectionUse {
  readonly request: RequestListener
}

export function createServer(parts: ListenerParts, handlers: Handlers): Server {
  const { listener: settings, tls } = parts
  const clientCertificates = settings.tls?.clientCertificates
  const { request: listener } = handlers
  const options = {
    maxHeaderSize: settings.maxHeaderBytes,
    insecureHTTPParser: false,
    requireHostHeader: false,
    shouldUpgradeCallback: handlers.isWanted,
    connectionsCheckingInterval: LATE_HEADS_INTERVAL_MS,
    optimizeEmptyRequests: true,
  }
  const server =
    tls === undefined
      ? http.createServer(options, listener)
      : https.createServer(
          {
            ...{ ...options, ...tls, handshakeTimeout: settings.handshakeTimeoutMs },
            // By default it is of the command line, which may differ from instance to instance.
            sessionIdContext: 'torhaus',
            ...optionsOf(settings.tls?.profile ?? 'intermediate'),
            ...(clientCertificates && clientCertificateOptions(clientCertificates)),
          },
          listener,
        )
  // More lines than this are refused by the first stage; fewer here would make Node drop the rest unseen
  // (CVE-2026-58044).
  server.maxHeadersCount = 0
  server.headersTimeout = settings.headersTimeoutMs
  server.keepAliveTimeout = settings.keepAliveTimeoutMs
  server.requestTimeout = 0
  server.timeout = settings.idleTimeoutMs
  // Node would say `100 Continue` before anybody looked at the credentials.
  server.on('checkContinue', listener).on('checkExpectation', listener)
  server.on('upgrade', handlers.take)
  if (server instanceof https.Server) endFailedHandshakes(server, parts)
  // Where it has content, Node puts a stream before the socket.
  server.on('connect', ({ socket }: IncomingMessage, stream: Socket) => {
    // HTTP no longer handles the stream: an unhandled error would end the process, and nobody would read its end.
    stream.on('error', () => socket.destroy()).resume()
    const before = handlers.lastExchange(socket)
    if (before === undefined || before.closedAtMs !== undefined) return reject(parts, socket, 'method-refused')
    // It would be taken for the answer to the request before it.
    parts.rejected('method-refused', clientOf(socket).address)
    socket.destroy()
  })
  rememberDoor(server as Server)
  if (settings.proxyProtocol) {
    expectProxyHeaders(server, {
      isTrusted: addressSet(settings.trustedProxies),
      timeoutMs: Math.min(PROXY_HEADER_TIMEOUT_MS, settings.headersTimeoutMs),
      rejected: parts.rejected,
    })
  }
  const { monotonic, rejected } = parts
  const { lastExchange, servesPerson, onPaceUntilMs, breakOff } = handlers
  new ClientConnections(server as Server, {
    ...{ settings, monotonic, rejected },
    ...{ lastExchange, servesPerson, onPaceUntilMs, breakOff },
  })
  return server as Server
}

/** An answer would wait for the end of the handshake, and the connection with it, for ever. */
function endFailedHandshakes(server: https.Server, { rejected }: ListenerParts): void {
  server.removeAllListeners('tlsClientError')
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    const { address } = clientOf(socket)
    if (error.code === 'ERR_TLS_HANDSHAKE_TIMEOUT') rejected('tls-handshake-timeout', address)
    // One that left without a word, as the connection checks of balancers do, did nothing wrong.
    else if (error.code !== 'ECONNRESET') rejected('tls-handshake-failed', address, handshakeFailure(error))
    socket.destroy()
  })
}

const STATUS_LINES: Partial<Record<Code, string>> = {
  'request-head-too-large': '431 Request Header Fields Too Large',
  'request-head-timeout': '408 Request Timeout',
  'method-refused': '405 Method Not Allowed',
  'method-unknown': '501 Not Implemented',
}

/** How long a client that was refused may go on sending, so that it can read why (RFC 9112 9.6), in milliseconds. */
const LAST_READ_MS = 5000

/** What came is no request that could be answered: a status line on the bare socket, then the end. */
export function reject(parts: ListenerParts, socket: Socket, code: Code): void {
  parts.rejected(code, clientOf(socket).address)
  // Nobody waits for an answer: it would be read as that to a request which is sent just then (RFC 9110 15.5.9).
  if (code === 'request-head-timeout' && !hasBegunRequest(socket)) return socket.destroySoon()
  const text = JSON.stringify({ type: `urn:torhaus:error:${code}`, code })
  socket.end(
    `HTTP/1.1 ${STATUS_LINES[code] ?? '400 Bad Request'}\r\nConnection: close\r\nCache-Control: no-store\r\n` +
      `Content-Type: application/problem+json\r\n` +
      `${fieldLines(UNWATCHED)}X-Torhaus-Error: ${code}\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
  )
  const timer = setTimeout(() => socket.destroy(), LAST_READ_MS).unref()
  socket.once('close', () => clearTimeout(timer))
}
