import type { Server } from 'node:http'
import type { Socket } from 'node:net'

type Take = (socket: Socket) => void

/** From now on, `take` gets each new connection before the server does, and decides what to pass on to the server. */
export function interpose(server: Server, take: (socket: Socket, pass: Take) => void): void {
  const takers = server.listeners('connection')
  server.removeAllListeners('connection')
  const pass = (socket: Socket) => {
    for (const taker of takers) Reflect.apply(taker, server, [socket])
  }
  server.on('connection', (socket: Socket) => take(socket, pass))
}
