/**
 * Connects the pipeline to Fastify: each request becomes an exchange, each decision or fault a response, and each
 * response one record in log and metrics.
 */
import { type IncomingMessage, METHODS, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Forward } from '../../middleware/forward.ts'
import { errorTable, Fault, toFault } from '../errors.ts'
import type { Arrival, PartialExchange, Traced } from '../exchange.ts'
import { isOwnPath, isSurelyTraffic, OWN_PREFIX } from '../http/request-target.ts'
import { isHandshake } from '../http/web-socket.ts'
import type { AwaitedContent } from '../listener/awaited-content.ts'
import { clientOf } from '../listener/client-address.ts'
import { createServer, type ListenerParts, reject } from '../listener/listener.ts'
import { codeOfParserError } from '../listener/parser-error.ts'
import type { Turns } from '../listener/turns.ts'
import { UpgradedClient } from '../listener/upgraded-client.ts'
import { type ExchangeRecord, type ExchangeTrace, newRecord } from '../observability/exchange-record.ts'
import type { OutgoingSpans } from '../observability/outgoing-spans.ts'
import type { Policy } from '../pipeline.ts'
import { type RefusalSettings, send, sendRefusal, sendToSignIn } from '../refusal/refusal.ts'
import { notFound, type Route } from '../routes/reply.ts'
import type { ChainResult } from '../stage-chain.ts'
import { addHealthRoute } from './health-route.ts'
import { breakOff, fail, type OpenExchange, roomFor } from './open-exchange.ts'

export interface AppParts extends ListenerParts {
  readonly policy: Policy
  readonly forward: Forward
  /** Torhaus' own pages: `GET /.torhaus/sign-in` and so on. */
  readonly routes: Readonly<Record<string, Route>>
  readonly refusal: RefusalSettings
  /** Whether each response should be the last of its connection. */
  readonly isDraining: () => boolean
  readonly newRequestId: () => string
  /** Undefined: no exchange is traced; returns undefined if this one is not. */
  readonly newTrace: (() => ExchangeTrace | undefined) | undefined
  /** Undefined: calls to other servers are not recorded. */
  readonly spans: OutgoingSpans | undefined
  readonly turns: Turns<OpenExchange>
  readonly awaited: AwaitedContent
  /** Called once per exchange, when its response is closed. */
  readonly close: (record: ExchangeRecord, closedAtMs: number) => void
}

const noSchema = () => () => {
  throw new TypeError('no route has a schema')
}
const NO_QUERY = {}
/** No route has a schema, so Fastify need not load ajv and fast-json-stringify. */
const NO_SCHEMAS = { buildValidator: noSchema, buildSerializer: noSchema }

export function createApp(parts: AppParts): FastifyInstance {
  // Takes over every request: content is streamed, and Fastify never looks at it or its type.
  const takeOver = (answer: Answer) => (request: FastifyRequest, reply: FastifyReply) => {
    reply.hijack()
    take(request.raw, reply.raw, answer)
  }
  const take = (request: IncomingMessage, response: ServerResponse, answer: Answer) =>
    serve(parts, { request, response, arrivedAtMs: parts.monotonic() }, answer)
  const app = fastify({
    logger: false,
    schemaController: { compilersFactory: NO_SCHEMAS },
    // Routes parse the query themselves if they need it.
    routerOptions: { maxParamLength: parts.listener.maxHeaderBytes, querystringParser: () => NO_QUERY },
    exposeHeadRoutes: false,
    // While draining, requests on open connections are answered as usual; then the connection is closed.
    return503OnClosing: false,
    serverFactory: handler =>
      createServer(parts, {
        // Most requests skip the router, which would only find that they are not for Torhaus' pages.
        request(request, response) {
          if (isSurelyTraffic(request.url)) take(request, response, proxied)
          else handler(request, response)
        },
        ...roomFor(parts),
        // The protocol cannot change while an earlier request on the connection is unanswered.
        isWanted: request => isHandshake(request) && parts.turns.isAnswered(request.socket),
        take: (request, socket, head) => {
          const handshake = new UpgradedClient(request, socket, head)
          serve(parts, { request, response: handshake.response, arrivedAtMs: parts.monotonic(), handshake }, proxied)
        },
      }),
    clientErrorHandler: (error: NodeJS.ErrnoException, socket) => {
      // Input after the last response is discarded: ending now would reset the connection before the response is read.
      if (socket.writableEnded && error.code !== 'ECONNRESET') return
      if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy()
      else endUnreadable(parts, socket, new Fault(codeOfParserError(error), error))
    },
    // The router cannot decode it, so it is no page of Torhaus; the policy considers what a server could read in it.
    frameworkErrors: (_, request, reply) => takeOver(proxied)(request, reply),
  })
  for (const method of METHODS) if (!app.supportedMethods.includes(method)) app.addHttpMethod(method, { hasBody: true })

  const taken = () => {
    throw new Fault('internal-error')
  }
  // Targets that the router cannot match, such as that of `OPTIONS *`.
  app.addHook('onRequest', (request, reply, done) => (request.is404 ? takeOver(proxied)(request, reply) : done()))
  for (const [key, route] of Object.entries(parts.routes)) {
    const [method = '', url = ''] = key.split(' ')
    // HEAD is supported wherever GET is (RFC 9110 9.3.2).
    const methods = method === 'GET' ? ['GET', 'HEAD'] : [method]
    app.route({ method: methods, url, onRequest: takeOver(own(route)), handler: taken })
  }
  addHealthRoute(app, takeOver(own(notFound)))
  app.all(`${OWN_PREFIX}/*`, { onRequest: takeOver(own(notFound)) }, taken)
  app.all('/*', { onRequest: takeOver(proxied) }, taken)
  return app
}

type Answer = (parts: AppParts, exchange: Traced, open: OpenExchange) => void

/** Step 0: answers a request once its turn on the connection has come. The stages are steps 1 to 8. */
function serve(parts: AppParts, arrival: Arrival, answer: Answer): void {
  const { request, response } = arrival
  const open: OpenExchange = {
    request,
    response,
    record: newRecord(arrival, parts.newTrace?.()),
    forwarded: undefined,
    begin() {
      if (parts.spans === undefined) begin(parts, arrival, open, answer)
      else parts.spans.within(open.record.trace, () => begin(parts, arrival, open, answer))
    },
  }
  // Requests read in the same chunk as the one that closed the connection still arrive here.
  if (parts.turns.take(open) || request.socket.destroyed) return
  request.socket.destroy()
  const { record } = open
  record.known = identified(parts, arrival)
  record.code = 'pipeline-too-long'
  record.outcome = 'denied'
  parts.close(record, parts.monotonic())
}

function begin(parts: AppParts, arrival: Arrival, open: OpenExchange, answer: Answer): void {
  const { record, request, response } = open
  if (parts.isDraining()) response.shouldKeepAlive = false
  // With `TE: chunked`, Node would send chunks to an HTTP/1.0 client (RFC 9112 6.1).
  if (request.httpVersionMinor === 0) response.useChunkedEncodingByDefault = false
  // Step 9: the response is closed, however it ended.
  response.on('close', () => {
    open.forwarded?.onClientClose()
    if (!response.writableFinished && record.code === undefined) {
      record.outcome = 'aborted'
      record.code = 'client-aborted'
    }
    const closedAtMs = parts.monotonic()
    parts.close(record, closedAtMs)
    parts.turns.end(open, closedAtMs, open.forwarded?.share.isProven === true)
  })
  settle(parts, record, parts.policy.arrive.run(arrival, record.trace), verdict => {
    // Node loses what it has read after a request whose upgrade was not accepted.
    const upgrade = verdict.passed ? verdict.exchange.fields.kept.upgrade : request.headers.upgrade
    if (upgrade !== undefined) response.shouldKeepAlive = false
    if (!verdict.passed) return refuse(parts, record, verdict)
    record.known = verdict.exchange
    if (verdict.exchange.fields.kept.expect === undefined || isContinue(verdict.exchange))
      return answer(parts, verdict.exchange, open)
    return fail(parts, record, new Fault('expectation-unsupported'))
  })
}

/** RFC 9110 10.1.1. */
const isContinue = ({ fields }: Traced) => fields.kept.expect?.toLowerCase() === '100-continue'

const proxied: Answer = (parts, exchange, open) => {
  const { record } = open
  // A page of Torhaus that the router did not match: its target (`HTTP://host/.torhaus/`) or method is unusual.
  if (isOwnPath(exchange.target.path)) return fail(parts, record, new Fault('not-found'))
  settle(parts, record, parts.policy.admit.run(exchange, record.trace), verdict => {
    record.decidedAtMs = parts.monotonic()
    // While OP or KDC were asked, the client may have left, or its content proved unreadable.
    if (exchange.response.destroyed || exchange.response.headersSent) return
    if (!verdict.passed) return refuse(parts, record, verdict)
    record.known = verdict.exchange
    open.forwarded = parts.forward(verdict.exchange, record)
  })
}

const own =
  (route: Route): Answer =>
  async (parts, exchange, { record }) => {
    record.stage = 'routes'
    try {
      const { status, fields, text, fault } = await route(exchange)
      if (fault !== undefined) {
        record.outcome = errorTable[fault.code].status < 500 ? 'denied' : 'failed'
        record.code = fault.code
        record.cause = fault.cause
      }
      const ours = [...fields, 'X-Request-Id', exchange.requestId, ...parts.refusal.strictTransport]
      record.responseBytes = send(exchange, status, ours, text)
    } catch (error) {
      fail(parts, record, toFault(error))
    }
  }

/** A bug in handling one exchange ends that exchange, not the process. */
function settle<Out>(
  parts: AppParts,
  record: ExchangeRecord,
  verdict: ChainResult<Out> | Promise<ChainResult<Out>>,
  then: (verdict: ChainResult<Out>) => void,
): void {
  const guarded = (settled: ChainResult<Out>) => {
    try {
      then(settled)
    } catch (error) {
      fail(parts, record, toFault(error))
    }
  }
  if (verdict instanceof Promise) void verdict.then(guarded)
  else guarded(verdict)
}

function refuse(
  parts: AppParts,
  record: ExchangeRecord,
  verdict: Extract<ChainResult<unknown>, { passed: false }>,
): void {
  record.known = identified(parts, verdict.known)
  record.stage = verdict.stage
  const { refusal } = verdict
  if (refusal instanceof Fault) return fail(parts, record, refusal)
  const help = refusal.kind === 'deny' ? refusal.help : undefined
  record.code = refusal.code
  record.outcome = OUTCOMES[refusal.kind]
  if (refusal.kind !== 'sign-in' && refusal.why !== undefined) record.cause = new Error(refusal.why)
  record.responseBytes =
    refusal.kind === 'sign-in'
      ? sendToSignIn(record.known, record.code, parts.refusal, refusal.stepUp)
      : sendRefusal(record.known, record.code, parts.refusal, help)
}

const OUTCOMES = { challenge: 'challenged', 'sign-in': 'redirected', deny: 'denied' } as const

/** An exchange refused early still gets a client address and a request id. */
function identified({ newRequestId }: AppParts, known: PartialExchange): PartialExchange {
  if (known.requestId !== undefined) return known
  const clientAddress = clientOf(known.request.socket).address ?? 'unknown'
  return { clientAddress, ...known, requestId: newRequestId() }
}

/**
 * The client sent invalid input. If its last request is not fully answered, another status line would be taken for
 * that response or end up inside it.
 */
function endUnreadable(parts: AppParts, socket: Socket, fault: Fault): void {
  if (!breakOff(parts, parts.turns.latest(socket), socket, fault)) reject(parts, socket, fault.code)
}
