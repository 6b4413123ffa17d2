/** The upstream over HTTP/1.1: requests written to pooled connections, certificates always verified. */
import { bareHost } from '../../config/bare-host.ts'
import type { Config } from '../../config/schema.ts'
import type { MonotonicClock } from '../clock.ts'
import { Fault, toFault } from '../errors.ts'
import { fieldLines } from '../http/field-lines.ts'
import type { Standing } from '../listener/share.ts'
import { connectionLookup } from '../remembered-lookup.ts'
import type { Connection } from './connection.ts'
import { ConnectionPool } from './connection-pool.ts'
import type { Owner } from './owner.ts'
import type { ResponseReceiver, Upstream, UpstreamExchange, UpstreamRequest, UpstreamStatistics } from './upstream.ts'
import { upstreamTls } from './upstream-tls.ts'
import type { Waiter } from './waiter.ts'

export class HttpUpstream implements Upstream {
  readonly #pool: ConnectionPool

  constructor(settings: Config['upstream'], monotonic: MonotonicClock) {
    const { protocol, hostname, port } = new URL(settings.url)
    const host = bareHost(hostname)
    this.#pool = new ConnectionPool({
      ...settings,
      monotonic,
      host,
      lookup: connectionLookup(monotonic),
      port: Number(port === '' ? (protocol === 'https:' ? 443 : 80) : port),
      tls: protocol === 'https:' ? upstreamTls(settings.tls, host) : undefined,
    })
  }

  send(request: UpstreamRequest, receiver: ResponseReceiver): UpstreamExchange {
    const exchange = new PendingRequest(request, receiver, this.#pool)
    this.#pool.acquire(exchange)
    return exchange
  }

  statistics(): UpstreamStatistics {
    const { connections, idle, queued, opened, evicted, bound, unasked } = this.#pool
    const unproven = this.#pool.held('unproven') + this.#pool.held('holding')
    return { connections, idle, queued, unproven, opened, evicted, bound, unasked }
  }

  [Symbol.dispose](): void {
    this.#pool[Symbol.dispose]()
  }
}

/** A request from the queue to its connection. */
class PendingRequest implements Waiter, UpstreamExchange {
  readonly key: string
  readonly owner: string
  readonly standing: Standing
  holder: Owner | undefined
  cancelled = false
  readonly #pool: ConnectionPool
  readonly #request: UpstreamRequest
  readonly #receiver: ResponseReceiver
  #connection: Connection | undefined
  #attemptsLeft = 2

  constructor(request: UpstreamRequest, receiver: ResponseReceiver, pool: ConnectionPool) {
    this.key = request.connections.connectionKey
    this.owner = request.owner
    this.standing = request.standing
    this.#pool = pool
    this.#request = request
    this.#receiver = receiver
  }

  onConnection(connection: Connection): void {
    this.#connection = connection
    const { authenticateConnection } = this.#request.connections
    if (authenticateConnection === undefined || connection.isAuthenticated) return this.#start(connection, [])
    authenticateConnection().then(
      fields => {
        connection.isAuthenticated = true
        if (!this.cancelled) this.#start(connection, fields)
      },
      (error: unknown) => {
        connection.close()
        if (!this.cancelled) this.#receiver.onError(toFault(error))
      },
    )
  }

  onUnavailable(fault: Fault): void {
    if (!this.cancelled) this.#receiver.onError(fault)
  }

  resume(): void {
    this.#connection?.resume()
  }

  abort(): void {
    this.#pool.leave(this)
    this.#connection?.abort()
  }

  #start(connection: Connection, more: readonly string[]): void {
    if (connection.isUsable) return connection.start(head(this.#request, more), this.#request, this.#receiver)
    // Closed while the token was made. Nothing was sent, so another connection may serve it, whatever the method.
    if (this.#attemptsLeft-- > 0) return this.#pool.acquire(this)
    this.#receiver.onError(new Fault('upstream-closed'))
  }
}

function head({ method, target, fields, content, contentLength }: UpstreamRequest, more: readonly string[]): string {
  const framing =
    content === null
      ? emptyContent(method)
      : contentLength === undefined
        ? 'Transfer-Encoding: chunked\r\n'
        : `Content-Length: ${contentLength}\r\n`
  return `${method} ${target} HTTP/1.1\r\n${fieldLines(fields)}${fieldLines(more)}${framing}\r\n`
}

/** RFC 9110 8.6: requests without content state that, if their method anticipates content. */
const emptyContent = (method: string) =>
  method === 'POST' || method === 'PUT' || method === 'PATCH' ? 'Content-Length: 0\r\n' : ''
