/** Requests that share one connection, for tests of what a server remembers about it. */
import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import type { OriginHost } from './apache-origin.ts'

type ConnectionAnswer = {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** Whether an earlier request went over the same connection. */
  readonly reused: boolean
}

export type Connection = {
  get(path: string, authorization?: string): Promise<ConnectionAnswer>
  /** For `using`: a test that fails closes its connection all the same. */
  [Symbol.dispose](): void
}

/**
 * One TCP connection to the host's address, with the host's name in the Host field; requests go one after the other.
 */
export function openConnection(host: OriginHost): Connection {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const get = (path: string, authorization?: string) =>
    new Promise<ConnectionAnswer>((resolve, reject) => {
      const headers = { host: new URL(host.url).host, ...(authorization === undefined ? {} : { authorization }) }
      const sent = request({ agent, host: host.address, port: host.port, path, headers }, response => {
        let body = ''
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text
        })
        response.on('error', reject).on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body, reused: sent.reusedSocket })
        })
      })
      sent.on('error', reject).end()
    })
  return { get, [Symbol.dispose]: () => agent.destroy() }
}
