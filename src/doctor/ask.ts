/** One request, as Torhaus would send it: bounded in time and size, no redirect followed. */
import type { X509Certificate } from 'node:crypto'
import { type IncomingHttpHeaders, type IncomingMessage, request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import { isIP } from 'node:net'
import { type ConnectionOptions, TLSSocket } from 'node:tls'
import { bareHost } from '../../config/bare-host.ts'

export interface Question {
  readonly method?: string
  readonly fields?: Readonly<Record<string, string>>
  readonly content?: string
  readonly tls?: ConnectionOptions
  readonly timeoutMs: number
}

export interface Answer {
  readonly status: number
  readonly fields: IncomingHttpHeaders
  /** Beginning of the content. */
  readonly text: string
  /** What the server showed, over TLS. */
  readonly certificate: X509Certificate | undefined
}

const MAX_CHARACTERS = 1_048_576

/** Rejects with the error of the connection, whose code says what went wrong. */
export function ask(url: URL, question: Question): Promise<Answer> {
  const { method = 'GET', fields = {}, content, tls = {}, timeoutMs } = question
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const signal = AbortSignal.timeout(timeoutMs)
  // Otherwise that of a Host field is expected in the certificate.
  const servername = isIP(bareHost(url.hostname)) === 0 ? url.hostname : ''
  const options = { method, headers: fields, signal, servername, ...tls }
  const request = url.protocol === 'https:' ? requestTls(url, options, read) : requestPlain(url, options, read)
  request.on('error', error => reject(signal.aborted ? timedOut(timeoutMs) : error))
  request.end(content)
  return promise

  function read(response: IncomingMessage): void {
    const { socket } = response
    const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined
    let text = ''
    response.setEncoding('utf8')
    const done = () => {
      response.destroy()
      resolve({ status: response.statusCode ?? 0, fields: response.headers, text, certificate })
    }
    response.on('data', (chunk: string) => {
      text += chunk
      if (text.length > MAX_CHARACTERS) done()
    })
    response.on('end', done)
    response.on('error', reject)
  }
}

const timedOut = (timeoutMs: number) =>
  Object.assign(new Error(`no answer within ${timeoutMs} ms`), { code: 'ETIMEDOUT' })
