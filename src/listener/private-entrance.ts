/**
 * A second way into the server, for the supervisor on the same machine: a socket file, on Windows a named pipe. What
 * comes in there takes the way of any other request from HTTP on, past the PROXY protocol, TLS and the bound on
 * connections: it must not be turned away for those.
 */
import type { Server } from 'node:http'
import { Server as TlsServer } from 'node:https'
import { createServer, type Socket } from 'node:net'

const doors = new WeakMap<Server, (socket: Socket) => void>()
const entered = new WeakSet<Socket>()

/** Before anything is put in front of HTTP. */
export function rememberDoor(server: Server): void {
  const [http] = server.listeners(server instanceof TlsServer ? 'secureConnection' : 'connection')
  if (http !== undefined) doors.set(server, socket => void Reflect.apply(http, server, [socket]))
}

/** Whether a request came this way. */
export const isPrivate = (socket: Socket): boolean => entered.has(socket)

/** Resolves once it is open; to what closes it. */
export async function openPrivateEntrance(server: Server, path: string): Promise<() => void> {
  const entrance = createServer(socket => {
    entered.add(socket)
    // Node closes those that ask nothing, as any other.
    doors.get(server)?.(socket)
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  entrance.once('error', reject).listen({ path, exclusive: true }, resolve)
  await promise
  return () => void entrance.close()
}
