/**
 * A client's connection over TLS that keeps nothing: it reads when asked, as slowly as asked, and hands content on as it
 * comes. Framing is read strictly (RFC 9112 6, 7.1).
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'

/** What nobody sends within this does not come. */
const WAIT_MS = 60_000
/** Small, so that what is not asked for stays with the sender. */
const BUFFER_BYTES = 16_384

export interface Head {
  readonly status: number
  /** Names in lower case. */
  readonly fields: ReadonlyMap<string, string>
}

/** The connection ended where more was to come. */
export class BrokenOff extends Error {}

export class ContentConnection {
  readonly #tcp: Socket
  readonly #socket: TLSSocket
  #unread = Buffer.alloc(0)
  #isOver = false

  private constructor(tcp: Socket, socket: TLSSocket) {
    this.#tcp = tcp
    this.#socket = socket
    socket.on('error', () => undefined)
    socket.once('close', () => {
      this.#isOver = true
    })
    socket.once('end', () => {
      this.#isOver = true
    })
  }

  static async open(port: number, ca: string): Promise<ContentConnection> {
    const host = '127.0.0.1'
    const tcp = connect({ host, port })
    // `tls.connect` knows `highWaterMark`, its types do not.
    const options: ConnectionOptions & { highWaterMark: number } = {
      socket: tcp,
      host,
      ca,
      highWaterMark: BUFFER_BYTES,
    }
    const socket = connectTls(options)
    await once(socket, 'secureConnect')
    return new ContentConnection(tcp, socket)
  }

  get isOpen(): boolean {
    return !this.#isOver && !this.#socket.destroyed
  }

  /** Resolves when there is room for more; at once also when nobody is there any more. */
  async send(bytes: string | Buffer): Promise<void> {
    if (!this.isOpen || this.#socket.write(bytes)) return
    await this.#event('drain', 'close')
  }

  /** The next head, 1xx included. @throws BrokenOff */
  async head(): Promise<Head> {
    let end = this.#unread.indexOf('\r\n\r\n')
    while (end < 0) {
      this.#unread = Buffer.concat([this.#unread, await this.#read()])
      end = this.#unread.indexOf('\r\n\r\n')
    }
    const [statusLine = '', ...lines] = this.#take(end + 4)
      .toString('latin1')
      .slice(0, -4)
      .split('\r\n')
    const status = /^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1]
    if (status === undefined) throw new Error(`not a status line: ${JSON.stringify(statusLine.slice(0, 100))}`)
    const fields = lines.map(line => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const
    })
    return { status: Number(status), fields: new Map(fields) }
  }

  /** The content after that head, piece by piece. @throws BrokenOff where it ends too early */
  async content({ fields }: Head, receive: (chunk: Buffer) => void, restMs = 0): Promise<void> {
    const length = fields.get('content-length')
    if (length !== undefined) return this.#pieces(Number(length), receive, restMs)
    if (fields.get('transfer-encoding') !== 'chunked') throw new Error('content without framing')
    for (;;) {
      const size = await this.#line()
      if (!/^[0-9a-f]{1,8}$/i.test(size)) throw new Error(`not a chunk size: ${JSON.stringify(size.slice(0, 100))}`)
      const bytes = Number.parseInt(size, 16)
      if (bytes > 0) await this.#pieces(bytes, receive, restMs)
      if ((await this.#line()) !== '') throw new Error('a chunk without its end')
      if (bytes === 0) return
    }
  }

  /** Nothing more may come on it. */
  expectNothing(): void {
    if (this.#unread.length > 0 || this.#socket.readableLength > 0) throw new Error('more came than was asked for')
  }

  /** At once: with a reset where `isRude`. */
  close(isRude = false): void {
    this.#isOver = true
    if (isRude) this.#tcp.resetAndDestroy()
    this.#socket.destroy()
  }

  async #pieces(bytes: number, receive: (chunk: Buffer) => void, restMs: number): Promise<void> {
    for (let left = bytes; left > 0; ) {
      if (this.#unread.length === 0) this.#unread = await this.#read()
      const piece = this.#take(Math.min(left, this.#unread.length))
      left -= piece.length
      receive(piece)
      if (restMs > 0) await sleep(restMs)
    }
  }

  async #line(): Promise<string> {
    let end = this.#unread.indexOf('\r\n')
    while (end < 0) {
      this.#unread = Buffer.concat([this.#unread, await this.#read()])
      end = this.#unread.indexOf('\r\n')
    }
    return this.#take(end + 2).toString('latin1', 0, end)
  }

  #take(bytes: number): Buffer {
    const taken = this.#unread.subarray(0, bytes)
    this.#unread = this.#unread.subarray(bytes)
    return taken
  }

  async #read(): Promise<Buffer<ArrayBuffer>> {
    for (;;) {
      const chunk: Buffer<ArrayBuffer> | null = this.#socket.read()
      if (chunk !== null) return chunk
      if (!this.isOpen) throw new BrokenOff('the connection ended')
      await this.#event('readable', 'end', 'close')
    }
  }

  /** The first of these; at once where there is nobody any more. */
  #event(...names: readonly string[]): Promise<void> {
    const socket = this.#socket
    return new Promise((resolve, reject) => {
      const settle = (error?: Error) => {
        clearTimeout(timer)
        for (const name of names) socket.off(name, onEvent)
        if (error === undefined) resolve()
        else reject(error)
      }
      const onEvent = () => settle()
      const timer = setTimeout(() => settle(new Error(`nothing came for ${WAIT_MS} ms`)), WAIT_MS)
      for (const name of names) socket.on(name, onEvent)
      if (socket.destroyed) settle()
    })
  }
}
