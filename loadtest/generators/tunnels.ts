/**
 * WebSocket tunnels (RFC 6455) over bare sockets: a library on this side would hide what passes. Opened a few at a
 * time, then held; `echo` sends one message through each of them.
 */
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { type LabTls, schemeOf } from '../lab/tls.ts'

export interface TunnelOptions {
  readonly port: number
  readonly target: string
  readonly fields: Readonly<Record<string, string>>
  /** Its certificate is checked. */
  readonly tls?: LabTls | undefined
  readonly signal: AbortSignal
}

const HANDSHAKE_TIMEOUT_MS = 20_000
const ECHO_TIMEOUT_MS = 20_000
/** RFC 6455 1.3: a constant of the protocol. */
const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const MESSAGE = Buffer.from('still here?')
const TEXT_FRAME = 0x81
const MASKED = 0x80

export class Tunnels {
  readonly #open = new Set<Socket>()
  /** Status lines in place of 101, and failures, with how often each was seen. */
  readonly refusals = new Map<string, number>()

  /** Those that are still open. */
  get count(): number {
    return this.#open.size
  }

  /** Opens `count` more, `concurrency` at a time. Those that fail are counted as refusals. */
  async open(count: number, concurrency: number, options: TunnelOptions): Promise<void> {
    let left = count
    const worker = async () => {
      while (left-- > 0) {
        options.signal.throwIfAborted()
        await this.#openOne(options).catch((error: Error) => {
          this.refusals.set(error.message, (this.refusals.get(error.message) ?? 0) + 1)
        })
      }
    }
    await Promise.all(Array.from({ length: concurrency }, worker))
  }

  /**
   * Milliseconds until each tunnel's own echo is back, one tunnel after the other; those that give none are left out.
   */
  async echo(): Promise<number[]> {
    const latenciesMs: number[] = []
    for (const socket of this.#open) {
      const startMs = performance.now()
      socket.write(maskedFrame(MESSAGE))
      const answer = await firstBytes(socket, MESSAGE.length + 2, ECHO_TIMEOUT_MS).catch(() => undefined)
      if (answer?.equals(Buffer.concat([Buffer.from([TEXT_FRAME, MESSAGE.length]), MESSAGE])))
        latenciesMs.push(performance.now() - startMs)
    }
    return latenciesMs
  }

  /** Breaks them all off. */
  close(): void {
    for (const socket of this.#open) socket.destroy()
    this.#open.clear()
  }

  async #openOne({ port, target, fields, tls }: TunnelOptions): Promise<void> {
    const key = randomBytes(16).toString('base64')
    const socket = openSocket(port, tls)
    // What ends a tunnel shows in the count; without a listener it would end this process.
    socket.on('error', () => undefined)
    socket.once('close', () => this.#open.delete(socket))
    try {
      socket.write(handshake(port, target, schemeOf(tls), { ...fields, 'Sec-WebSocket-Key': key }))
      const head = await readHead(socket)
      const accept = createHash('sha1').update(`${key}${ACCEPT_GUID}`).digest('base64')
      if (!/^HTTP\/1\.1 101 /.test(head)) throw new Error(head.split('\r\n', 1)[0])
      if (!head.includes(accept)) throw new Error('101 without the right Sec-WebSocket-Accept')
    } catch (error) {
      socket.destroy()
      throw error
    }
    this.#open.add(socket)
  }
}

function openSocket(port: number, tls: LabTls | undefined): Socket {
  const where = { host: '127.0.0.1', port, noDelay: true }
  return tls === undefined ? connect(where) : connectTls({ ...where, ca: tls.ca })
}

function handshake(port: number, target: string, scheme: string, fields: Readonly<Record<string, string>>): string {
  const all = {
    Host: `127.0.0.1:${port}`,
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    Origin: `${scheme}://127.0.0.1:${port}`,
    ...fields,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `GET ${target} HTTP/1.1\r\n${lines.join('')}\r\n`
}

async function readHead(socket: Socket): Promise<string> {
  const signal = AbortSignal.timeout(HANDSHAKE_TIMEOUT_MS)
  let head = ''
  const gone = new AbortController()
  const onClose = () => gone.abort(new Error('closed without an answer'))
  socket.once('close', onClose)
  try {
    while (!head.includes('\r\n\r\n')) {
      const [chunk] = await once(socket, 'data', { signal: AbortSignal.any([signal, gone.signal]) })
      head += String(chunk)
    }
  } catch {
    throw gone.signal.reason ?? new Error('no answer in time')
  } finally {
    socket.removeListener('close', onClose)
  }
  return head
}

function firstBytes(socket: Socket, length: number, timeoutMs: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0)
    const settle = (finish: () => void) => {
      clearTimeout(timer)
      socket.removeListener('data', onData)
      socket.removeListener('close', onClose)
      finish()
    }
    const onData = (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      if (received.length >= length) settle(() => resolve(received))
    }
    const onClose = () => settle(() => reject(new Error('the tunnel was closed')))
    const timer = setTimeout(() => settle(() => reject(new Error('no echo in time'))), timeoutMs)
    socket.on('data', onData)
    socket.once('close', onClose)
  })
}

/** RFC 6455 5.2 and 5.3: one text frame, masked as a client must. */
function maskedFrame(payload: Buffer): Buffer {
  const mask = randomBytes(4)
  const masked = payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0))
  return Buffer.concat([Buffer.from([TEXT_FRAME, MASKED | payload.length]), mask, masked])
}
