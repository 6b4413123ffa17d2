/** The server for clients as Node provides it, with the limits of the configuration, and what never becomes a request. */
import http, { type IncomingMessage, type RequestListener, type Server } from 'node:http'
import https from 'node:https'
import type { Socket } from 'node:net'
import { addressSet } from '../../config/address-range.ts'
import type { Config } from '../../config/schema.ts'
import type { Code } from '../errors.ts'
import { clientOf } from './client-address.ts'
import { expectProxyHeaders } from './proxy-protocol.ts'

export interface ListenerParts {
  readonly listener: Config['listener']
  readonly tls: { readonly cert: Buffer; readonly key: Buffer } | undefined
  /** Called for what never became a request. */
  readonly rejected: (code: Code, client: string | undefined) => void
}

/** At least 3 s, for a segment that is sent again (proxy-protocol.txt 2). */
const PROXY_HEADER_TIMEOUT_MS = 5000

/** What becomes of a request that asks to change the protocol (RFC 9110 7.8). */
export interface Upgrades {
  /** False: it is served like any other. */
  readonly isWanted: (request: IncomingMessage) => boolean
  /** From then on the socket is no business of HTTP. `head`: what was read already past the request. */
  readonly take: (request: IncomingMessage, socket: Socket, head: Buffer) => void
}

export function createServer(parts: ListenerParts, listener: RequestListener, upgrades: Upgrades): Server {
  const { listener: settings, tls } = parts
  const options = {
    maxHeaderSize: settings.maxHeaderBytes,
    insecureHTTPParser: false,
    requireHostHeader: false,
    shouldUpgradeCallback: upgrades.isWanted,
    optimizeEmptyRequests: true,
  }
  const server =
    tls === undefined
      ? http.createServer(options, listener)
      : https.createServer({ ...options, ...tls, minVersion: settings.tls?.minVersion ?? 'TLSv1.2' }, listener)
  // More lines than this are refused by the first stage; fewer here would make Node drop the rest unseen (CVE-2026-58044).
  server.maxHeadersCount = 0
  server.headersTimeout = settings.headersTimeoutMs
  server.keepAliveTimeout = settings.keepAliveTimeoutMs
  server.requestTimeout = 0
  server.timeout = settings.idleTimeoutMs
  // Node would say `100 Continue` before anybody looked at the credentials.
  server.on('checkContinue', listener).on('checkExpectation', listener)
  takeUpgrades(server as Server, upgrades)
  server.on('connect', (_request: IncomingMessage, socket: Socket) => reject(parts, socket, 'method-refused'))
  if (settings.proxyProtocol) {
    expectProxyHeaders(server, {
      isTrusted: addressSet(settings.trustedProxies),
      timeoutMs: Math.min(PROXY_HEADER_TIMEOUT_MS, settings.headersTimeoutMs),
      rejected: parts.rejected,
    })
  }
  return server as Server
}

/** Node does not count these sockets among its connections any more: closing all would leave them open. */
function takeUpgrades(server: Server, { take }: Upgrades): void {
  const taken = new Set<Socket>()
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    taken.add(socket)
    socket.on('close', () => taken.delete(socket))
    take(request, socket, head)
  })
  const closeAllConnections = server.closeAllConnections.bind(server)
  server.closeAllConnections = () => {
    for (const socket of taken) socket.destroy()
    closeAllConnections()
  }
}

export function codeOfParserError({ code }: NodeJS.ErrnoException): Code {
  if (code === 'HPE_HEADER_OVERFLOW') return 'request-head-too-large'
  if (code === 'HPE_INVALID_EOF_STATE') return 'request-content-aborted'
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'request-head-timeout' : 'request-malformed'
}

const STATUS_LINES: Partial<Record<Code, string>> = {
  'request-head-too-large': '431 Request Header Fields Too Large',
  'request-head-timeout': '408 Request Timeout',
  'method-refused': '405 Method Not Allowed',
}

/** There is no request to answer: a status line on the bare socket, then the end. */
export function reject(parts: ListenerParts, socket: Socket, code: Code): void {
  parts.rejected(code, clientOf(socket).address)
  const text = JSON.stringify({ type: `urn:torhaus:error:${code}`, code })
  socket.end(
    `HTTP/1.1 ${STATUS_LINES[code] ?? '400 Bad Request'}\r\nConnection: close\r\nContent-Type: application/problem+json\r\n` +
      `X-Torhaus-Error: ${code}\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
  )
}
