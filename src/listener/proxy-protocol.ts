/**
 * Connections that begin with a PROXY protocol header, which is removed before HTTP or TLS sees the connection. Only
 * trusted peers may send it, and they must: a receiver that guessed would let anyone claim an address (2).
 */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { canonicalAddress } from '../../config/address-range.ts'
import type { Code } from '../errors.ts'
import { type ConnectionClient, setClientAddress } from './client-address.ts'
import { interpose } from './interpose.ts'
import { type ProxyHeader, parseProxyHeader } from './proxy-header.ts'
import { whenSecured } from './secured.ts'

export interface ProxiedConnectionParts {
  /** Whether a canonical address may, and must, send the header. */
  readonly isTrusted: (address: string) => boolean
  readonly timeoutMs: number
  readonly rejected: (code: Code, peer: string | undefined) => void
}

/**
 * What `server` does with a connection so far, it does once the header is read; listeners added later hear of it at
 * once.
 */
export function expectProxyHeaders(server: Server, parts: ProxiedConnectionParts): void {
  const nameSecured = whenSecured<ConnectionClient>(server, setClientAddress, setClientAddress)

  interpose(server, (socket, begin) => {
    const peer = canonicalAddress(socket.remoteAddress ?? '')
    if (peer === undefined) socket.destroy()
    else if (!parts.isTrusted(peer)) begin(socket)
    else {
      readProxyHeader(socket, parts.timeoutMs, header => {
        if (typeof header === 'object') {
          const client = { address: header.source ?? peer, isStandIn: header.source === undefined }
          // What is closed for another connection is that of its client, whatever stands on it.
          setClientAddress(socket, client)
          nameSecured(socket, client)
          begin(socket)
        } else {
          if (header !== 'gone') parts.rejected(header, peer)
          socket.destroy()
        }
      })
    }
  })
}

/** `done` is called once; `gone`: the peer left without a word, as the connection checks of balancers do. */
function readProxyHeader(socket: Socket, timeoutMs: number, done: (header: ProxyHeader | Code | 'gone') => void): void {
  let received: Buffer = Buffer.alloc(0)
  const onReadable = () => {
    for (let chunk: Buffer | null = socket.read(); chunk !== null; chunk = socket.read())
      received = Buffer.concat([received, chunk])
    const header = parseProxyHeader(received)
    if (header === 'incomplete') return
    // What follows the header goes back, to be read by TLS or HTTP.
    if (header !== 'invalid' && received.length > header.length) socket.unshift(received.subarray(header.length))
    settle(header === 'invalid' ? 'proxy-header-invalid' : header)
  }
  const onEnd = () => settle(received.length === 0 ? 'gone' : 'proxy-header-invalid')
  const onClose = () => settle('gone')
  const onError = () => undefined
  const timer = setTimeout(() => settle('proxy-header-timeout'), timeoutMs)
  const settle = (header: ProxyHeader | Code | 'gone') => {
    clearTimeout(timer)
    socket.off('readable', onReadable).off('end', onEnd).off('close', onClose).off('error', onError)
    done(header)
  }
  socket.on('readable', onReadable).on('end', onEnd).on('close', onClose).on('error', onError)
}
