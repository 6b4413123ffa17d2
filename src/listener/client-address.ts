/** The client of a connection: the peer, or the address that a trusted peer named in a PROXY protocol header. */
import type { Socket } from 'node:net'
import { canonicalAddress } from '../../config/address-range.ts'

export interface ConnectionClient {
  /** Canonical; undefined once the connection is gone and nobody asked before. */
  readonly address: string | undefined
  /** The peer relays somebody whose address it did not say: the address is not that of who wrote the fields. */
  readonly isStandIn: boolean
}

const named = new WeakMap<Socket, ConnectionClient>()

/** From now on `client` is at the other end of `socket`. */
export function setClientAddress(socket: Socket, client: ConnectionClient): void {
  named.set(socket, client)
}

export function clientOf(socket: Socket): ConnectionClient {
  return named.get(socket) ?? { address: canonicalAddress(socket.remoteAddress ?? ''), isStandIn: false }
}
