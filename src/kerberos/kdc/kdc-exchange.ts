import { connect, type Socket } from 'node:net'
import type { KdcAddress } from '../../../config/kdc-address.ts'
import { ownOctets } from '../protocol/own-octets.ts'
import type { KdcFailure } from './kdc-state.ts'

/** Tickets have 64 KiB at most; a KDC that announces more is none. */
const MAX_REPLY_BYTES = 1 << 20

/** The KDC did not answer, or not with a frame (RFC 4120 7.2.2). */
export class KdcUnreachable extends Error {
  override readonly name = 'KdcUnreachable'
  readonly failure: KdcFailure

  constructor(reason: string, failure: KdcFailure = 'unreachable') {
    super(reason)
    this.failure = failure
  }
}

export interface KdcExchange {
  readonly reply: Promise<Buffer>
  /** Ends the exchange; the reply is then rejected. */
  abandon(): void
}

/**
 * One request and its reply over TCP: four octets of length, whose highest bit is zero, then the message. The deadline
 * is one for all of it, so that a KDC that drips octets gains nothing.
 */
export function exchange({ host, port }: KdcAddress, request: Buffer, timeoutMs: number): KdcExchange {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  let isAnswered = false
  const socket = connect({ host, port, noDelay: true })
  const fail = (reason: string, failure?: KdcFailure): void => {
    socket.destroy()
    reject(new KdcUnreachable(reason, failure))
  }
  const timer = setTimeout(() => fail('timeout', 'silent'), timeoutMs)
  socket.on('connect', () => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(request.length)
    socket.write(Buffer.concat([length, request]))
  })
  readFrame(socket, reply => {
    if (reply === undefined) return fail('frame too large')
    isAnswered = true
    socket.destroy()
    resolve(reply)
  })
  // Their codes are few (ECONNREFUSED, ECONNRESET, ENOTFOUND ...) and name nobody.
  socket.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? 'error'))
  socket.on('close', () => {
    clearTimeout(timer)
    // An error takes longer to make than a reply to read.
    if (!isAnswered) fail('closed')
  })
  return { reply: promise, abandon: () => fail('abandoned') }
}

/** Calls back once: with the message, or with undefined where the frame is none. */
function readFrame(socket: Socket, done: (message: Buffer | undefined) => void): void {
  const chunks: Buffer[] = []
  let received = 0
  let wanted: number | undefined
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    received += chunk.length
    if (received < 4) return
    wanted ??= Buffer.concat(chunks).readUInt32BE() + 4
    if (wanted > MAX_REPLY_BYTES) done(undefined)
    else if (received >= wanted) done(ownOctets(Buffer.concat(chunks).subarray(4, wanted)))
  })
}
