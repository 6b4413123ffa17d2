/**
 * Maps TLS sockets to the plain sockets beneath them. A request over TLS has only the TLS socket, which does not lead
 * to the plain one; the addresses and ports of the connection, which are unique while it is open, do.
 */
import { Server as TlsServer } from 'node:https'
import type { Server, Socket } from 'node:net'

/**
 * `secured` is called before the first request, with what `remember` was last given for the connection beneath; `failed`,
 * where there is one, before anybody else hears that a handshake has failed. Without TLS `secured` is called at once, with
 * the connection itself.
 */
export function whenSecured<T>(
  server: Server,
  secured: (socket: Socket, remembered: T) => void,
  failed?: (socket: Socket, remembered: T) => void,
): (socket: Socket, remembered: T) => void {
  if (!(server instanceof TlsServer)) return secured
  const open = new Map<string, T>()
  const tell = (what: typeof secured, secure: Socket) => {
    const remembered = open.get(endsOf(secure))
    if (remembered !== undefined) what(secure, remembered)
  }
  server.prependListener('secureConnection', secure => tell(secured, secure))
  if (failed !== undefined) server.prependListener('tlsClientError', (_, secure) => tell(failed, secure))
  return (socket, remembered) => {
    const ends = endsOf(socket)
    open.set(ends, remembered)
    socket.on('close', () => {
      if (open.get(ends) === remembered) open.delete(ends)
    })
  }
}

const endsOf = ({ remoteAddress, remotePort, localAddress, localPort }: Socket) =>
  `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`
