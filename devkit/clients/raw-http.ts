/**
 * An HTTP/1.1 client without opinions: sends exactly the bytes it is given and reads responses strictly (RFC 9112), so
 * that tests can speak wrongly on purpose and see the framing of what comes back.
 */
import { once } from 'node:events'
import { connect as connectTcp, type Socket, type TcpSocketConnectOpts } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'

export type RawResponse = {
  readonly statusLine: string
  readonly status: number
  /** Field lines as received: name and value. */
  readonly fields: readonly (readonly [string, string])[]
  /** Heads of the 1xx responses before it, in order. */
  readonly informational: readonly Head[]
  readonly content: Buffer
  readonly trailers: readonly (readonly [string, string])[]
  /** Values of all lines of a field. */
  all(name: string): string[]
  /** The value of a field that stands at most once. */
  one(name: string): string | undefined
  readonly text: string
}

type Head = Pick<RawResponse, 'statusLine' | 'status' | 'fields'>
type Content = Pick<RawResponse, 'content' | 'trailers'>

/** Waiting for what never comes is a failure, not a hang. */
const WAIT_MS = 60_000

const CRLF = '\r\n'

export class RawConnection {
  readonly socket: Socket
  /** How it ended: the peer's FIN, a reset, or our own doing; undefined while open. */
  ended: 'end' | 'error' | 'closed' | undefined
  #received: Buffer = Buffer.alloc(0)

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    })
    socket.on('end', () => {
      this.ended ??= 'end'
    })
    socket.on('error', () => {
      this.ended ??= 'error'
    })
    socket.on('close', () => {
      this.ended ??= 'closed'
    })
  }

  static async open(
    port: number,
    tls?: ConnectionOptions & Pick<TcpSocketConnectOpts, 'localAddress'>,
  ): Promise<RawConnection> {
    const options = { host: '127.0.0.1', port, allowHalfOpen: true }
    const socket = tls === undefined ? connectTcp(options) : connectTls({ ...options, ...tls })
    await once(socket, tls === undefined ? 'connect' : 'secureConnect')
    return new RawConnection(socket)
  }

  /** Text is sent as latin1: one character, one byte. */
  send(bytes: string | Buffer): this {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
    return this
  }

  /** The next final response. `toHead`: it answers a HEAD request and has no content. */
  async response({ toHead = false }: { toHead?: boolean } = {}): Promise<RawResponse> {
    const informational: Head[] = []
    for (;;) {
      const head = parseHead((await this.#through(CRLF + CRLF)).toString('latin1'))
      if (head.status < 200) informational.push(head)
      else return this.#withContent(head, informational, toHead)
    }
  }

  /** The next response head, 1xx included; its content stays unread. */
  async head(): Promise<Head> {
    return parseHead((await this.#through(CRLF + CRLF)).toString('latin1'))
  }

  /** Exactly so many bytes. */
  async bytes(count: number): Promise<Buffer> {
    await this.#until(() => this.#received.length >= count)
    return this.#take(count)
  }

  /** Resolves once the peer has closed, with what it sent before that and was not read yet. */
  async rest(): Promise<Buffer> {
    while (this.ended === undefined) await this.#event()
    return this.#take(this.#received.length)
  }

  /** What arrived and was not read yet. */
  get unread(): Buffer {
    return this.#received
  }

  close(): void {
    this.socket.destroy()
  }

  async #withContent(head: Head, informational: Head[], toHead: boolean): Promise<RawResponse> {
    const all = (name: string) => valuesOf(head.fields, name)
    const [coding, lengths] = [all('Transfer-Encoding'), all('Content-Length')]
    if (lengths.length > 1 || (lengths.length > 0 && coding.length > 0)) throw new Error(`framing: ${head.statusLine}`)
    const content = await this.#content(toHead || head.status === 204 || head.status === 304, coding, lengths[0])
    return {
      ...head,
      ...content,
      informational,
      all,
      one: name => single(name, all(name)),
      text: content.content.toString('utf8'),
    }
  }

  async #content(isWithout: boolean, coding: readonly string[], length: string | undefined): Promise<Content> {
    if (isWithout) return { content: Buffer.alloc(0), trailers: [] }
    if (coding.length > 0) return this.#chunked()
    return { content: length === undefined ? await this.rest() : await this.bytes(Number(length)), trailers: [] }
  }

  async #chunked(): Promise<Content> {
    const chunks: Buffer[] = []
    for (;;) {
      const line = (await this.#through(CRLF)).toString('latin1').trimEnd()
      if (!/^[0-9a-f]+$/i.test(line)) throw new Error(`not a chunk size: ${JSON.stringify(line)}`)
      const size = Number.parseInt(line, 16)
      if (size === 0) break
      chunks.push(await this.bytes(size))
      if ((await this.bytes(2)).toString('latin1') !== CRLF) throw new Error('a chunk without its end')
    }
    const trailers: (readonly [string, string])[] = []
    for (;;) {
      const line = (await this.#through(CRLF)).toString('latin1').slice(0, -2)
      if (line === '') return { content: Buffer.concat(chunks), trailers }
      trailers.push(parseField(line))
    }
  }

  async #through(mark: string): Promise<Buffer> {
    await this.#until(() => this.#received.includes(mark, 0, 'latin1'))
    return this.#take(this.#received.indexOf(mark, 0, 'latin1') + mark.length)
  }

  #take(count: number): Buffer {
    const taken = this.#received.subarray(0, count)
    this.#received = this.#received.subarray(count)
    return taken
  }

  async #until(isMet: () => boolean): Promise<void> {
    while (!isMet()) {
      if (this.ended !== undefined)
        throw new Error(
          `the connection ended (${this.ended}) after ${JSON.stringify(this.#received.toString('latin1'))}`,
        )
      await this.#event()
    }
  }

  #event(): Promise<void> {
    const { socket } = this
    return new Promise((resolve, reject) => {
      const names = ['data', 'end', 'error', 'close']
      const timer = setTimeout(() => settle(new Error(`nothing came for ${WAIT_MS} ms`)), WAIT_MS)
      const onEvent = () => settle()
      const settle = (error?: Error) => {
        clearTimeout(timer)
        for (const name of names) socket.off(name, onEvent)
        if (error === undefined) resolve()
        else reject(error)
      }
      for (const name of names) socket.on(name, onEvent)
    })
  }
}

/** The bytes of a request: request line without the version, field lines, content. */
export function requestText(line: string, fields: readonly string[], content = ''): string {
  return [`${line} HTTP/1.1`, ...fields, '', content].join(CRLF)
}

/** Content in the chunked coding (RFC 9112 7.1), one chunk. */
export function chunked(content: string, trailers: readonly string[] = []): string {
  const chunk = content === '' ? '' : `${content.length.toString(16)}${CRLF}${content}${CRLF}`
  return `${chunk}0${CRLF}${trailers.map(line => line + CRLF).join('')}${CRLF}`
}

function parseHead(text: string): Head {
  const [statusLine = '', ...lines] = text.slice(0, -4).split(CRLF)
  const match = /^HTTP\/1\.1 (\d{3}) /.exec(statusLine)
  if (match === null) throw new Error(`not a status line: ${JSON.stringify(statusLine)}`)
  return { statusLine, status: Number(match[1]), fields: lines.map(parseField) }
}

function parseField(line: string): readonly [string, string] {
  const match = /^([^\s:]+):[ \t]*(.*?)[ \t]*$/.exec(line)
  if (match === null) throw new Error(`not a field: ${JSON.stringify(line)}`)
  return [match[1] ?? '', match[2] ?? '']
}

export function valuesOf(fields: readonly (readonly [string, string])[], name: string): string[] {
  return fields.filter(([known]) => known.toLowerCase() === name.toLowerCase()).map(([, value]) => value)
}

function single(name: string, values: readonly string[]): string | undefined {
  if (values.length > 1) throw new Error(`${name} stands ${values.length} times`)
  return values[0]
}
