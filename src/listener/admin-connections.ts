/**
 * Limits the connections of the admin listener. It has few clients, and runs in the supervisor, which needs descriptors
 * for new workers. As on the client listener, one connection too many closes one without a request.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { MonotonicClock } from '../clock.ts'
import { ClientConnections } from './client-connections.ts'
import { descriptorLimit } from './descriptor-limit.ts'

const MAX_CONNECTIONS = 128
/** Of the descriptors of the process: the name localhost may be two servers. */
const PART = 8
const MIN_CONNECTIONS = 4
const HEADERS_TIMEOUT_MS = 10_000
/** Forms are short. */
const REQUEST_TIMEOUT_MS = 15_000
const KEEP_ALIVE_TIMEOUT_MS = 5000
/** Of who takes no answer; longer than workers are waited for. */
const IDLE_TIMEOUT_MS = 60_000

const usualMax = () => Math.max(MIN_CONNECTIONS, Math.min(MAX_CONNECTIONS, Math.floor(descriptorLimit() / PART)))

/** Keeps the connections of a server within the bound, from before it listens. */
export function boundAdminConnections(
  server: Server | HttpsServer,
  monotonic: MonotonicClock,
  maxConnections = usualMax(),
): void {
  // Then Node writes a 408, also where no request has begun; those connections are closed before, without an answer.
  server.headersTimeout = REQUEST_TIMEOUT_MS
  server.requestTimeout = REQUEST_TIMEOUT_MS
  server.keepAliveTimeout = KEEP_ALIVE_TIMEOUT_MS
  server.timeout = IDLE_TIMEOUT_MS
  const exchanges = new WeakMap<Socket, { closedAtMs: number | undefined }>()
  server.prependListener('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    const exchange: { closedAtMs: number | undefined } = { closedAtMs: undefined }
    exchanges.set(socket, exchange)
    response.once('close', () => {
      exchange.closedAtMs = monotonic()
    })
  })
  new ClientConnections(server as Server, {
    settings: { maxConnections, headersTimeoutMs: HEADERS_TIMEOUT_MS, keepAliveTimeoutMs: KEEP_ALIVE_TIMEOUT_MS },
    monotonic,
    lastExchange: socket => exchanges.get(socket),
    servesPerson: () => false,
    onPaceUntilMs: () => undefined,
    breakOff: socket => socket.destroy(),
    rejected: () => undefined,
  })
}
