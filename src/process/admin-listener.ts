/**
 * The admin listener: metrics, health and operator's pages, for the operators' network only. Whether it is alive and
 * ready, everybody may ask, as balancers do; metrics and the state of parts need the credential.
 *
 * It is a bare `node:http`; docs/decisions/0002-fastify.md says why.
 */
import { once } from 'node:events'
import type { Server as HttpServer, IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import { type AddressInfo, isIP } from 'node:net'
import { text } from 'node:stream/consumers'
import { bareHost } from '../../config/bare-host.ts'
import type { Readiness } from '../app/readiness.ts'
import { causeChain } from '../cause-chain.ts'
import type { MonotonicClock } from '../clock.ts'
import { formFields } from '../http/form-fields.ts'
import { isFormType } from '../http/form-type.ts'
import { boundAdminConnections } from '../listener/admin-connections.ts'
import { isAddressMissing, listenAddresses } from '../listener/listen-addresses.ts'
import { type AdminAnswer, type AdminRoutes, jsonAnswer, type NotRead } from '../operator/admin-exchange.ts'
import { type OperatorParts, operatorRoutes } from '../operator/operator-routes.ts'
import type { AdminCheck } from './admin-credential.ts'
import type { Exposition } from './open-metrics.ts'

/** The liveness report, which is open to everybody. */
export interface Life {
  readonly alive: boolean
  /** Number of reloads since the start that put a new configuration into force, and of those that did not. */
  readonly reloads: Readonly<Record<'success' | 'failure', number>>
}

type AnyServer = HttpServer | HttpsServer

export interface AdminParts {
  /** Accepted host names, besides addresses and localhost. */
  readonly hostNames: () => readonly string[]
  readonly isAllowed: AdminCheck
  /** Called with path and client address if a request has a wrong credential. */
  readonly onWrongCredential: (path: string, client: string | undefined) => void
  /** Whether a credential is configured; without one, `isAllowed` is always true. */
  readonly hasCredential: () => boolean
  readonly serverFactory: (handler: RequestListener) => AnyServer
  /** `accept`: the Accept field of the scraper. */
  readonly metrics: (accept: string | undefined) => Promise<Exposition>
  /** False if only a restart of the service can help. */
  readonly isAlive: () => boolean
  readonly reloads: () => Life['reloads']
  readonly readiness: () => Readiness | Promise<Readiness>
  readonly operator: OperatorParts
  readonly monotonic: MonotonicClock
  /** The addresses of a host; of localhost, all of them. */
  readonly addressesOf?: (host: string) => Promise<readonly string[]>
  /** Default: as many as fit into its share of file descriptors. */
  readonly maxConnections?: number
}

const MAX_FORM_BYTES = 4096
const UNKNOWN_HOST = jsonAnswer(421, { error: 'unknown host name' })
const TOO_MANY_PARAMETERS = jsonAnswer(400, { error: 'the query has too many parameters' })
const NOT_FOUND = jsonAnswer(404, { error: 'not found' })
const CHALLENGE = jsonAnswer(
  401,
  { error: 'the credential in admin.credentialFile is required' },
  ...['WWW-Authenticate', 'Bearer realm="torhaus-admin"'],
  ...['WWW-Authenticate', 'Basic realm="torhaus-admin", charset="UTF-8"'],
)

/** Disposing closes all connections. */
export class AdminListener implements AsyncDisposable {
  /** One server; for localhost, one per address. */
  readonly servers: AnyServer[] = []
  readonly #parts: AdminParts
  readonly #routes: AdminRoutes
  readonly #operator: ReturnType<typeof operatorRoutes>

  constructor(parts: AdminParts) {
    const { readiness, hasCredential, isAllowed } = parts
    this.#parts = parts
    this.#operator = operatorRoutes(parts.operator, { readiness, hasCredential, isAllowed, challenge: CHALLENGE })
    this.#routes = { ...ownRoutes(parts), ...this.#operator }
  }

  /** Undefined while not listening. */
  get port(): number | undefined {
    return (this.servers[0]?.address() as AddressInfo | null | undefined)?.port
  }

  /** Rejects if another program has the port on one of the addresses, where it would answer instead. */
  async listen({ host, port }: { readonly host: string; readonly port: number }): Promise<void> {
    const { addressesOf = listenAddresses } = this.#parts
    let missing: unknown
    for (const address of await addressesOf(host))
      await this.#listen(address, this.port ?? port).catch((error: unknown) => {
        if (!isAddressMissing(error)) throw error
        missing = error
      })
    if (this.servers.length === 0) throw missing
  }

  async #listen(host: string, port: number): Promise<void> {
    const server = this.#parts.serverFactory((request, response) => void this.#take(request, response))
    boundAdminConnections(server, this.#parts.monotonic, this.#parts.maxConnections)
    server.listen({ host, port })
    await once(server, 'listening')
    this.servers.push(server)
  }

  /** Frees its port; it can listen again later. */
  async release(): Promise<void> {
    const servers = this.servers.splice(0)
    // The callback gets an error if the server is closed already; then there is nothing to wait for.
    const closed = servers.map(server => new Promise<void>(resolve => server.close(() => resolve())))
    for (const server of servers) server.closeAllConnections()
    await Promise.all(closed)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#operator[Symbol.dispose]()
    await this.release()
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = await this.#answer(request).catch(failed)
    const { status, fields, content } = answer
    response.writeHead(status, [...fields, 'Content-Length', `${Buffer.byteLength(content)}`])
    response.end(content)
  }

  async #answer(request: IncomingMessage): Promise<AdminAnswer> {
    const { method = '', url = '', headers } = request
    const host = headers.host ?? ''
    // DNS rebinding: pages of a foreign host name that resolves to this listener must not read its responses.
    if (!isKnownName(host, this.#parts.hostNames())) return UNKNOWN_HOST
    const [path = ''] = url.split('?', 1)
    // HEAD is supported wherever GET is (RFC 9110 9.3.2).
    const key = `${method === 'HEAD' ? 'GET' : method} ${path}`
    const route = Object.hasOwn(this.#routes, key) ? this.#routes[key] : undefined
    if (route === undefined) return NOT_FOUND
    const { authorization } = headers
    if (authorization !== undefined && !this.#parts.isAllowed(authorization))
      this.#parts.onWrongCredential(path, request.socket.remoteAddress)
    const query = formFields(url.slice(path.length))
    if (query === undefined) return TOO_MANY_PARAMETERS
    return route({
      ...{ headers, host, query },
      clientAddress: request.socket.remoteAddress ?? '',
      form: () => formOf(request),
    })
  }
}

const ownRoutes = (parts: AdminParts): AdminRoutes => ({
  'GET /livez'() {
    const alive = parts.isAlive()
    const life: Life = { alive, reloads: parts.reloads() }
    return jsonAnswer(alive ? 200 : 503, life)
  },
  async 'GET /readyz'({ headers }) {
    const state = await parts.readiness()
    const { ready } = state
    return jsonAnswer(ready ? 200 : 503, parts.isAllowed(headers.authorization) ? state : { ready })
  },
  async 'GET /metrics'({ headers }) {
    if (!parts.isAllowed(headers.authorization)) return CHALLENGE
    const { contentType, text: content } = await parts.metrics(headers.accept)
    return { status: 200, fields: ['Content-Type', contentType], content }
  },
})

const failed = (error: Error) => jsonAnswer(500, { error: causeChain(error) })

/**
 * Other sites' pages can send any text, but not without a form's media type. Browsers state the length of a form, so
 * nothing longer is read at all.
 */
async function formOf(request: IncomingMessage): Promise<URLSearchParams | NotRead> {
  const { 'content-type': type, 'content-length': length } = request.headers
  if (!isFormType(type)) return 'no-form'
  return Number(length) <= MAX_FORM_BYTES ? new URLSearchParams(await text(request)) : 'too-long'
}

function isKnownName(host: string, names: readonly string[]): boolean {
  // HTTP/1.0 without Host: a balancer's health check, never a browser.
  if (host === '') return true
  const name = bareHost(host.toLowerCase().replace(/:\d*$/, ''))
  return isIP(name) !== 0 || name === 'localhost' || names.some(known => known.toLowerCase() === name)
}
