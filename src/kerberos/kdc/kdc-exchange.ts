import { connect, type LookupFunction } from 'node:net'
import type { KdcAddress } from '../../../config/kdc-address.ts'
import type { KdcFailure } from './kdc-state.ts'

/** Tickets have at most 64 KiB; whatever announces a reply longer than this is not a KDC. */
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
 * All exchanges read into it; what arrives is copied before the next read. One buffer for each, 64 KiB as Node makes
 * them, would be a third of the cost of a request, in garbage.
 */
const readBuffer = Buffer.alloc(65_536)

/**
 * One request and its reply over TCP: four octets of length, whose highest bit is zero, then the message. There is one
 * deadline for the whole exchange, so that a KDC that sends octet by octet gains nothing.
 */
export function exchange(
  { host, port }: KdcAddress,
  request: Buffer,
  timeoutMs: number,
  lookup?: LookupFunction,
): KdcExchange {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  let isOver = false
  const end = (settle: () => void): void => {
    // An error takes longer to make than a reply to read.
    if (isOver) return
    isOver = true
    clearTimeout(timer)
    settle()
    socket.destroy()
  }
  const fail = (reason: string, failure?: KdcFailure): void => end(() => reject(new KdcUnreachable(reason, failure)))
  const take = frameReader(reply => {
    if (reply === undefined) fail('frame too large')
    else end(() => resolve(reply))
  })
  const onread = {
    buffer: readBuffer,
    callback(count: number) {
      if (!isOver) take(readBuffer.subarray(0, count))
      return true
    },
  }
  const socket = connect({ ...{ host, port, noDelay: true, onread }, ...(lookup && { lookup }) })
  const timer = setTimeout(() => fail('timeout', 'silent'), timeoutMs)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(request.length)
  // Node sends it once there is a connection.
  socket.write(Buffer.concat([length, request]))
  // The codes are few (ECONNREFUSED, ECONNRESET, ENOTFOUND ...) and contain no names.
  socket.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? 'error'))
  socket.on('close', () => fail('closed'))
  return { reply: promise, abandon: () => fail('abandoned') }
}

/** Takes chunks, and calls back with the message, or with undefined if its announced length is too large. */
function frameReader(done: (message: Buffer | undefined) => void): (chunk: Buffer) => void {
  const length = Buffer.alloc(4)
  let lengthOctets = 0
  let message: Buffer | undefined
  let received = 0
  return chunk => {
    const ofLength = chunk.copy(length, lengthOctets)
    lengthOctets += ofLength
    if (lengthOctets < length.length) return
    if (message === undefined) {
      const wanted = length.readUInt32BE()
      if (wanted > MAX_REPLY_BYTES) return done(undefined)
      message = Buffer.alloc(wanted)
    }
    received += chunk.copy(message, received, ofLength)
    if (received === message.length) done(message)
  }
}
