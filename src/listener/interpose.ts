import type { Server } from 'node:http'
import type { Socket } from 'node:net'

type Take = (socket: Socket) => void

/** From now on `take` sees each new connection before the server does, and passes on what the server is to have. */
export function interpose(server: Server, take: (socket: Socket, pass: Take) => void): void {
  const takers = server.listeners('connection')
  server.removeAllListeners('connection')
  const pass = (socket: Socket) => {
    for (const taker of takers) Reflect.apply(taker, server, [socket])
  }
  server.on('connection', (socket: Socket) => take(socket, pass))
}
