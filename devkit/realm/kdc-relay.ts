/**
 * A TCP relay before the KDC: counts requests by kind, and misbehaves on demand.
 *
 *   client -> [4-byte length | KRB-REQ]  relay  -> KDC          (RFC 4120 7.2.2)
 *                                          |
 *                                  counts AS-REQ, TGS-REQ; then acts as its mode says
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * What the relay does with a request. `hang`: reads it and never answers (a black hole). `refuse`: resets the
 * connection. `drop`: reads it and closes the connection. `garbage`: answers with random octets in a correct frame. `{
 * delayMs }`: passes it on that much later. `lose-question`: reads one and never answers it, and passes what comes then;
 * `lose-answer`: the same, and the KDC has seen it.
 */
export type KdcRelayMode =
  | 'pass'
  | 'hang'
  | 'refuse'
  | 'drop'
  | 'garbage'
  | 'lose-question'
  | 'lose-answer'
  | { readonly delayMs: number }

export type KdcRequests = { readonly as: number; readonly tgs: number }

export type KdcRelay = {
  readonly address: string
  readonly port: number
  /** Takes effect with the next request. */
  mode: KdcRelayMode
  /** Requests that arrived since the start, whatever the mode did with them (`refuse` reads none). */
  requests(): KdcRequests
  close(): Promise<void>
}

/** RFC 4120 5.4.1: AS-REQ is [APPLICATION 10], TGS-REQ [APPLICATION 12]; class application + constructed is 0x60. */
const AS_REQ_TAG = 0x6a
const TGS_REQ_TAG = 0x6c

/** No request of the lab is larger: a PAC is at most 64 KB. */
const MAX_REQUEST_BYTES = 1 << 20

export async function startKdcRelay(options: {
  readonly address: string
  readonly kdcAddress: string
  readonly kdcPort: number
}): Promise<KdcRelay> {
  const counts = { as: 0, tgs: 0 }
  const sockets = new Set<Socket>()
  const track = (socket: Socket): Socket => {
    sockets.add(socket)
    // An abort on either side is the peer's affair; what matters is that both sides close.
    return socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
  }
  const dial = () => track(connect({ host: options.kdcAddress, port: options.kdcPort }))
  const mode = () => {
    const { mode: now } = relay
    if (now === 'lose-question' || now === 'lose-answer') relay.mode = 'pass'
    return now
  }
  const server = createServer(socket => {
    track(socket)
    if (relay.mode === 'refuse') socket.resetAndDestroy()
    else relayRequests(socket, { dial, counts, mode })
  })
  server.listen({ host: options.address, port: 0 })
  await once(server, 'listening')
  const relay: KdcRelay = {
    address: options.address,
    port: portOf(server),
    mode: 'pass',
    requests: () => ({ ...counts }),
    async close() {
      for (const socket of sockets) socket.destroy()
      const closed = once(server, 'close')
      server.close()
      await closed
    },
  }
  return relay
}

type Exchange = {
  readonly dial: () => Socket
  readonly counts: { as: number; tgs: number }
  readonly mode: () => KdcRelayMode
}

function relayRequests(client: Socket, exchange: Exchange): void {
  let buffered = Buffer.alloc(0)
  let kdc: Socket | undefined
  const pass = (message: Buffer, answers = true): void => {
    if (client.destroyed) return
    if (kdc === undefined) {
      kdc = exchange.dial()
      if (answers) kdc.on('data', data => client.write(data)).on('close', () => client.end())
      else kdc.resume()
      const upstream = kdc
      client.on('close', () => upstream.destroy())
    }
    kdc.write(message)
  }
  client.on('data', (data: Buffer) => {
    buffered = Buffer.concat([buffered, data])
    while (buffered.length >= 4) {
      const end = 4 + buffered.readUInt32BE(0)
      if (end > MAX_REQUEST_BYTES) {
        client.destroy()
        return
      }
      if (buffered.length < end) return
      const message = buffered.subarray(0, end)
      buffered = buffered.subarray(end)
      count(exchange.counts, message[4])
      act(exchange.mode(), { client, message, pass })
    }
  })
}

function count(counts: { as: number; tgs: number }, tag: number | undefined): void {
  if (tag === AS_REQ_TAG) counts.as++
  if (tag === TGS_REQ_TAG) counts.tgs++
}

type Request = {
  readonly client: Socket
  readonly message: Buffer
  readonly pass: (message: Buffer, answers?: boolean) => void
}

function act(mode: KdcRelayMode, { client, message, pass }: Request): void {
  if (mode === 'pass') pass(message)
  else if (mode === 'refuse') client.resetAndDestroy()
  else if (mode === 'drop') client.end()
  else if (mode === 'garbage') client.end(garbage())
  else if (mode === 'lose-answer') pass(message, false)
  else if (typeof mode === 'object') void sleep(mode.delayMs, undefined, { ref: false }).then(() => pass(message))
}

function garbage(): Buffer {
  const reply = randomBytes(204)
  reply.writeUInt32BE(reply.length - 4)
  return reply
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the relay listens on no TCP port')
  return address.port
}
