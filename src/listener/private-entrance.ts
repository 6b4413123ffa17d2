/**
 * A second entrance to the server, for the supervisor on the same machine: a socket file, or a named pipe on Windows.
 * Requests that arrive there are handled like any others from HTTP on, but bypass the PROXY protocol, TLS and the limit
 * on connections, which must not turn them away.
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
