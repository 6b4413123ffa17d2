/** A Torhaus in front of an origin that remembers what reached it, and raw connections to it. */

import assert from 'node:assert/strict'
import { RawConnection, type RawResponse, requestText } from '../clients/raw-http.ts'
import { type EchoOrigin, startEchoOrigin } from '../origin/echo-origin.ts'
import { metricAt } from './metric-at.ts'
import { type FixtureOptions, type LogRecord, startTorhausFixture, type TorhausFixture } from './torhaus-fixture.ts'

/** Synthetic, of the shape of a personal access token. */
export const samplePat = '6wytoisklc3rwzlk6hmdaptbzxclxbwd2hcnweb4grgedcplf4pa'

export const basic = (user: string, password: string) =>
  `Authorization: Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

/** Credentials that pass through to the origin, whatever it is. */
export const patField = basic('', samplePat)

export type ProxyUnderTest = {
  readonly fixture: TorhausFixture
  readonly origin: EchoOrigin
  /** The Host field of its public URL. */
  readonly host: string
  /** An Authorization field with a second factor. */
  readonly bearerField: string
  connect(): Promise<RawConnection>
  /** One exchange on a connection of its own: request line without version, field lines beside Host, content. */
  ask(line: string, fields?: readonly string[], content?: string): Promise<RawResponse>
  /** As `ask`, with credentials that pass through. */
  pass(line: string, fields?: readonly string[], content?: string): Promise<RawResponse>
  /** The access record of a request. */
  record(response: Pick<RawResponse, 'one'>): Promise<LogRecord>
  /** The value of a metric: name with labels, as /metrics writes it; 0 where it is not there. */
  metric(name: string): Promise<number>
  close(): Promise<void>
}

export type ProxyOptions = Partial<FixtureOptions>

type Configured = Parameters<NonNullable<FixtureOptions['configure']>>[0]

/** The usual configuration with a plain identity field, which a test can read, and more `listener` options. */
export const configured =
  (listener: object = {}, upstream: object = {}, rest: object = {}) =>
  (config: Configured): object => ({
    ...config,
    listener: { ...config.listener, ...listener },
    upstream: { ...config.upstream, identity: { kind: 'header', header: { field: 'X-Remote-Account' } }, ...upstream },
    ...rest,
  })

/** The usual configuration, with TLS ended here. `tls`: the section of the listener. */
export const servingTls =
  (tls: object) =>
  (config: Configured): object => ({
    ...config,
    publicUrl: config.publicUrl.replace('http:', 'https:'),
    listener: { ...config.listener, tls },
  })

export async function startProxy(options: ProxyOptions = {}): Promise<ProxyUnderTest> {
  const origin = await startEchoOrigin()
  const fixture = await startTorhausFixture({ upstreamUrl: origin.url, configure: configured(), ...options }).catch(
    async (error: unknown) => {
      await origin.close()
      throw error
    },
  )
  const connections = new Set<RawConnection>()
  const host = `Host: 127.0.0.1:${fixture.port}`

  async function connect(): Promise<RawConnection> {
    const connection = await RawConnection.open(fixture.port)
    connections.add(connection)
    return connection
  }

  async function ask(line: string, fields: readonly string[] = [], content = ''): Promise<RawResponse> {
    const connection = await connect()
    connection.send(requestText(line, [host, ...fields], content))
    const response = await connection.response({ toHead: line.startsWith('HEAD ') })
    connection.close()
    return response
  }

  return {
    fixture,
    origin,
    host,
    bearerField: `Authorization: Bearer ${await fixture.op.issueAccessToken('ada')}`,
    connect,
    ask,
    pass: (line, fields = [], content = '') => ask(line, [patField, ...fields], content),
    record(response) {
      const id = response.one('X-Request-Id')
      assert.ok(id, 'a response without a request id')
      return fixture.logged(entry => entry['http.request.id'] === id && entry['event.action'] === 'request')
    },
    metric: name => metricAt(fixture.adminUrl, name),
    async close() {
      for (const connection of connections) connection.close()
      await fixture.close()
      await origin.close()
    },
  }
}
