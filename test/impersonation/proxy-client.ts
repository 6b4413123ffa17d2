/** One request at a time to a lab proxy, by its name, over a connection the test chooses. */
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import type { LookupFunction } from 'node:net'
import { text } from 'node:stream/consumers'

export type ProxyAnswer = {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  /** Every value of a field, a line each. */
  all(field: string): string[]
  /** Torhaus's own word for what went wrong. */
  readonly code: string | undefined
  readonly body: string
  /** Whether an earlier request went over the same connection. */
  readonly reused: boolean
}

export type Asking = {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly agent?: Agent
  readonly content?: string | Buffer
}

type Place = { readonly url: string; readonly address: string; readonly port: number }

const TIMEOUT_MS = 60_000

/** The lab's names are known to no resolver. */
export const lookupLab: LookupFunction = (_host, options, done) => {
  if (options.all === true) done(null, [{ address: '127.0.0.1', family: 4 }])
  else done(null, '127.0.0.1', 4)
}

/** A client that keeps one connection; `destroy()` it. */
export const oneConnection = (): Agent => new Agent({ keepAlive: true, maxSockets: 1 })

export function send({ url, address, port }: Place, path: string, asking: Asking = {}): ClientRequest {
  const { method = 'GET', headers = {}, agent = false } = asking
  const host = new URL(url).host
  return request({ host: address, port, path, method, agent, headers: { host, ...headers }, timeout: TIMEOUT_MS })
}

export function ask(place: Place, path: string, asking: Asking = {}): Promise<ProxyAnswer> {
  return new Promise((resolve, reject) => {
    const sent = send(place, path, asking)
    sent.on('error', reject).on('timeout', () => sent.destroy(new Error(`no answer to ${path}`)))
    sent.on('response', message => {
      text(message).then(body => resolve(answerOf(message, body, sent.reusedSocket)), reject)
    })
    sent.end(asking.content)
  })
}

function answerOf(message: IncomingMessage, body: string, reused: boolean): ProxyAnswer {
  const { statusCode: status = 0, headers, rawHeaders } = message
  const code = headers['x-torhaus-error']
  return {
    ...{ status, headers, body, reused },
    code: typeof code === 'string' ? code : undefined,
    all: field => rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === field),
  }
}

export const basic = (user: string, password: string): { readonly authorization: string } => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
})
export const bearer = (token: string): { readonly authorization: string } => ({ authorization: `Bearer ${token}` })
export const negotiate = (token: string): { readonly authorization: string } => ({
  authorization: `Negotiate ${token}`,
})

/** What Apache answers when it saw that account. */
export const seenAs = (account: string): string => `{"account":"${account}@CORP.TEST"}\n`
