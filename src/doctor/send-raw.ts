/** A request exactly as it is given, spelled in ways that clients of HTTP refuse to send. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { bareHost } from '../../config/bare-host.ts'

export interface RawQuestion {
  readonly target: string
  readonly host: string
  /** Whole lines. */
  readonly fields: readonly string[]
  readonly tls: ConnectionOptions
  readonly timeoutMs: number
}

export interface RawAnswer {
  readonly status: number
  /** By name in lower case; several lines are joined. */
  readonly fields: ReadonlyMap<string, string>
}

const MAX_HEAD_CHARACTERS = 65_536

/** Rejects where no response comes, or none that is HTTP/1. */
export async function sendRaw(url: URL, { target, host, fields, tls, timeoutMs }: RawQuestion): Promise<RawAnswer> {
  const socket = open(url, tls)
  socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)))
  try {
    await once(socket, url.protocol === 'https:' ? 'secureConnect' : 'connect')
    socket.write([`GET ${target} HTTP/1.1`, `Host: ${host}`, ...fields, 'Connection: close', '', ''].join('\r\n'))
    return answerIn(await headOf(socket))
  } finally {
    socket.destroy()
  }
}

function open(url: URL, tls: ConnectionOptions): Socket {
  const host = bareHost(url.hostname)
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
  // HTTP/1.1 alone: another version has no request line to spell.
  return url.protocol === 'https:'
    ? connectTls({ host, port, ALPNProtocols: ['http/1.1'], ...tls })
    : connect({ host, port })
}

async function headOf(socket: Socket): Promise<string> {
  let head = ''
  for await (const chunk of socket) {
    head += (chunk as Buffer).toString('latin1')
    if (head.includes('\r\n\r\n') || head.length > MAX_HEAD_CHARACTERS) break
  }
  return head
}

function answerIn(head: string): RawAnswer {
  const [line = '', ...lines] = (head.split('\r\n\r\n')[0] ?? '').split('\r\n')
  const [, status] = /^HTTP\/1\.[01] (\d{3})/.exec(line) ?? []
  if (status === undefined)
    throw new Error(head === '' ? 'the connection was closed without an answer' : 'the answer is not HTTP/1')
  const fields = new Map<string, string>()
  for (const field of lines) {
    const colon = field.indexOf(':')
    const name = field.slice(0, colon).toLowerCase()
    const value = field.slice(colon + 1).trim()
    const before = fields.get(name)
    fields.set(name, before === undefined ? value : `${before}, ${value}`)
  }
  return { status: Number(status), fields }
}
