/**
 * WebSockets through Torhaus: people with sessions, programs with tokens, a real WebSocket client and server at the
 * ends.
 */

import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { type ClientOptions, WebSocket } from 'ws'
import { BrowserClient } from '../clients/browser-client.ts'
import { HANDSHAKE_FIELDS } from '../clients/handshake-fields.ts'
import { RawConnection, requestText } from '../clients/raw-http.ts'
import { signIn } from '../op/user-agent.ts'
import { MAX_MESSAGE_BYTES, startWebSocketOrigin, type WebSocketOrigin } from '../origin/web-socket-origin.ts'
import type { Certificate } from './certificate.ts'
import { metricAt } from './metric-at.ts'
import { servingTls } from './proxy-under-test.ts'
import { withAccountField } from './sign-in-lab.ts'
import { type FixtureOptions, type LogRecord, startTorhausFixture, type TorhausFixture } from './torhaus-fixture.ts'

export type TunnelLab = TorhausFixture & {
  readonly origin: WebSocketOrigin
  /** Fields of a program that passes: an access token with a second factor. */
  readonly token: Readonly<Record<string, string>>
  /** A browser with a session of that user. */
  signedIn(user?: 'ada' | 'carol'): Promise<BrowserClient>
  /** Fields of a WebSocket that a page opens in that browser. */
  pageFields(browser: BrowserClient, origin?: string): Record<string, string>
  /** An open WebSocket. Rejects with `Refused` where the answer is not 101. */
  open(path: string, headers: Readonly<Record<string, string>>, options?: OpenOptions): Promise<WebSocket>
  raw(): Promise<RawConnection>
  /** A raw connection on which that handshake was sent. */
  handshake(path: string, fields?: readonly string[], after?: string): Promise<RawConnection>
  /** The access record of the handshake with that path. */
  record(path: string): Promise<LogRecord>
  metric(name: string): Promise<number>
}

type OpenOptions = ClientOptions & { readonly protocols?: readonly string[] }
type Configured = Parameters<NonNullable<FixtureOptions['configure']>>[0]

/** A handshake that was not answered with 101. */
export class Refused extends Error {
  readonly response: IncomingMessage
  readonly status: number
  readonly code: unknown

  constructor(response: IncomingMessage) {
    super(`the handshake was answered with ${response.statusCode}`)
    this.response = response
    this.status = response.statusCode ?? 0
    this.code = response.headers['x-torhaus-error']
  }
}

/** The answer to the key of RFC 6455 1.3. */
export const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='

type LabConfiguration = {
  readonly listener?: object
  readonly upstream?: object
  /** Other sections, whole. */
  readonly more?: object
  /** TLS on both sides, with this. */
  readonly certificate?: Certificate
}

function withTls(config: Configured, { certificateFile, privateKeyFile }: Certificate): object {
  return {
    ...servingTls({ certificateFile, privateKeyFile })(config),
    upstream: { ...config.upstream, tls: { caFile: certificateFile } },
  }
}

export async function startTunnelLab(
  options: Pick<FixtureOptions, 'monotonic' | 'now'> & LabConfiguration = {},
): Promise<TunnelLab> {
  const { listener = {}, upstream = {}, more = {}, certificate, ...rest } = options
  const origin = await startWebSocketOrigin(
    certificate && { cert: certificate.certificate, key: certificate.privateKey },
  )
  const configure = (config: Configured) => {
    const known = withAccountField(config)
    const plain = {
      ...known,
      listener: { ...known.listener, ...listener },
      upstream: { ...known.upstream, ...upstream },
    }
    return { ...(certificate === undefined ? plain : withTls(plain, certificate)), ...more }
  }
  const fixture = await startTorhausFixture({ ...rest, configure, upstreamUrl: origin.url }).catch(async error => {
    await origin.close()
    throw error
  })
  const clients = new Set<WebSocket>()
  const raw = new Set<RawConnection>()
  const connect = async () => {
    const connection = await RawConnection.open(fixture.port)
    raw.add(connection)
    return connection
  }
  const bearer = `Bearer ${await fixture.op.issueAccessToken('ada')}`

  return {
    ...fixture,
    origin,
    token: { Authorization: bearer },
    async signedIn(user = 'ada') {
      const browser = new BrowserClient()
      await signIn(browser, `${fixture.url}/`, fixture.users[user])
      return browser
    },
    pageFields(browser, from = fixture.url) {
      const Cookie = Array.from(browser.cookies, ([name, { value }]) => `${name}=${value}`).join('; ')
      return { Cookie, Origin: from, 'User-Agent': 'Mozilla/5.0 Chrome/140.0.0.0 Safari/537.36' }
    },
    async open(path, headers, { protocols = [], ...more } = {}) {
      const client = new WebSocket(
        `${certificate === undefined ? 'ws' : 'wss'}://127.0.0.1:${fixture.port}${path}`,
        protocols,
        {
          ...{ headers, maxPayload: MAX_MESSAGE_BYTES, perMessageDeflate: false },
          ...(certificate === undefined ? {} : { ca: certificate.certificate }),
          ...more,
        },
      )
      clients.add(client)
      await new Promise<void>((resolve, reject) => {
        client.once('open', resolve).once('error', reject)
        client.once('unexpected-response', (_, response: IncomingMessage) => reject(new Refused(response)))
      })
      return client.on('error', () => undefined)
    },
    raw: connect,
    async handshake(path, fields = [`Authorization: ${bearer}`], after = '') {
      const host = `Host: 127.0.0.1:${fixture.port}`
      return (await connect()).send(requestText(`GET ${path}`, [host, ...HANDSHAKE_FIELDS, ...fields]) + after)
    },
    record: path => fixture.logged(entry => entry['url.path'] === path && entry['event.action'] === 'request'),
    metric: name => metricAt(fixture.adminUrl, name),
    async close() {
      for (const client of clients) client.terminate()
      for (const connection of raw) connection.close()
      await fixture.close()
      await origin.close()
    },
  }
}

/** The next message, as text or as its bytes. */
export async function message(socket: WebSocket): Promise<Buffer> {
  const [data] = await once(socket, 'message', { signal: AbortSignal.timeout(60_000) })
  return data as Buffer
}

/** How a WebSocket closed. 1006: without a close frame (RFC 6455 7.1.5). */
export async function closed(socket: WebSocket): Promise<number> {
  const [code] = await once(socket, 'close', { signal: AbortSignal.timeout(60_000) })
  return code as number
}
