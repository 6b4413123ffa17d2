/**
 * Upstream connections on undici's dispatch: one pool per lane, a bounded number of HTTP/1.1 connections in each, no
 * pipelining, certificates always verified.
 */
import { readFileSync } from 'node:fs'
import { type Dispatcher, errors, Pool } from 'undici'
import type { Config } from '../../config/schema.ts'
import { Fault } from '../errors.ts'
import type { LaneStatistics, ResponseReceiver, Upstream, UpstreamExchange, UpstreamRequest } from './upstream.ts'

interface Lane {
  readonly pool: Pool
  /** Requests given to the pool and not yet answered: its own statistics are a walk over all connections. */
  inFlight: number
}

export class UndiciUpstream implements Upstream {
  readonly #lanes: Readonly<Record<UpstreamRequest['lane'], Lane>>
  readonly #maxInFlight: number

  constructor(settings: Config['upstream']) {
    this.#maxInFlight = settings.maxConnections + settings.maxQueued
    const lane = () => ({ pool: createPool(settings), inFlight: 0 })
    this.#lanes = { 'pass-through': lane(), delegated: lane() }
  }

  send(request: UpstreamRequest, receiver: ResponseReceiver): UpstreamExchange {
    const lane = this.#lanes[request.lane]
    if (lane.inFlight >= this.#maxInFlight) throw new Fault('upstream-overloaded')
    const handler = new Handler(receiver, lane)
    lane.pool.dispatch(
      {
        method: request.method as Dispatcher.HttpMethod,
        path: request.target,
        headers: request.fields,
        body: request.content,
        // undici closes the connection after each HEAD otherwise.
        ...(request.method === 'HEAD' ? { reset: false } : {}),
      },
      handler,
    )
    return handler
  }

  statistics(): LaneStatistics[] {
    return Object.entries(this.#lanes).map(([lane, { pool, inFlight }]) => ({
      lane,
      connections: pool.stats.connected,
      running: pool.stats.running,
      queued: inFlight - pool.stats.running,
    }))
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.#lanes).map(({ pool }) => pool.destroy()))
  }
}

function createPool(settings: Config['upstream']): Pool {
  const { tls } = settings
  return new Pool(settings.url, {
    connections: settings.maxConnections,
    pipelining: 1,
    allowH2: false,
    headersTimeout: settings.headersTimeoutMs,
    bodyTimeout: settings.bodyTimeoutMs,
    keepAliveTimeout: settings.keepAliveTimeoutMs,
    keepAliveMaxTimeout: settings.keepAliveTimeoutMs,
    maxHeaderSize: 131_072,
    // A HEAD response, or a 304, may name the length of content it does not carry.
    strictContentLength: true,
    connect: {
      timeout: settings.connectTimeoutMs,
      rejectUnauthorized: true,
      ...(tls.caFile === undefined ? {} : { ca: readFileSync(tls.caFile, 'utf8') }),
      ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
    },
  })
}

class Handler implements Dispatcher.DispatchHandler, UpstreamExchange {
  readonly #receiver: ResponseReceiver
  readonly #lane: Lane
  #controller: Dispatcher.DispatchController | undefined
  #aborted = false
  #hasHead = false

  constructor(receiver: ResponseReceiver, lane: Lane) {
    this.#receiver = receiver
    this.#lane = lane
    lane.inFlight++
  }

  resume(): void {
    this.#controller?.resume()
  }

  abort(): void {
    this.#aborted = true
    this.#controller?.abort(new Fault('client-aborted'))
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#aborted) controller.abort(new Fault('client-aborted'))
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, _: unknown, reason?: string): void {
    if (this.#aborted) return
    const fields = texts(controller.rawHeaders)
    if (status < 200) {
      this.#receiver.onInformation(status, fields)
      return
    }
    this.#hasHead = true
    this.#receiver.onHead(status, reason ?? '', fields)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#aborted && !this.#receiver.onContent(chunk)) controller.pause()
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    this.#lane.inFlight--
    if (!this.#aborted) this.#receiver.onEnd(texts(controller.rawTrailers))
  }

  onResponseError(_: unknown, error: Error): void {
    this.#lane.inFlight--
    if (this.#aborted) return
    this.#receiver.onError(error instanceof Fault ? error : new Fault(codeOf(error, this.#hasHead), error))
  }
}

function texts(raw: Dispatcher.DispatchController['rawHeaders']): string[] {
  if (!Array.isArray(raw)) return []
  const result: string[] = new Array(raw.length)
  for (let index = 0; index < raw.length; index++) {
    const item = raw[index] as Buffer | string
    result[index] = typeof item === 'string' ? item : item.toString('latin1')
  }
  return result
}

function codeOf(error: Error, hasHead: boolean) {
  if (error instanceof errors.BodyTimeoutError) return 'response-content-timeout'
  if (hasHead) return 'response-content-aborted'
  if (error instanceof errors.HeadersTimeoutError) return 'upstream-headers-timeout'
  if (error instanceof errors.ConnectTimeoutError) return 'upstream-connect-timeout'
  if (error instanceof errors.HTTPParserError || error instanceof errors.HeadersOverflowError)
    return 'upstream-response-invalid'
  const code = String((error as NodeJS.ErrnoException).code ?? '')
  if (error instanceof errors.SocketError)
    return error.message.startsWith('bad ') ? 'upstream-response-invalid' : 'upstream-closed'
  if (/^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|EPROTO)/.test(code))
    return 'upstream-tls-failed'
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'upstream-closed'
  if (/^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL)$/.test(code))
    return 'upstream-connect-failed'
  return code === 'ETIMEDOUT' ? 'upstream-connect-timeout' : 'internal-error'
}
