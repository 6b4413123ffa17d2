/**
 * If a server answers early and closes, our next write fails. Node destroys a socket at its first failed write, and the
 * answer, which the system still holds for us, would be lost. So the failure is delayed until everything has been read.
 * Reading ends with the connection, because a connection that cannot be written to is closed or reset.
 */
import type { Socket } from 'node:net'

type Written = (error?: Error | null) => void

const GONE: readonly (string | undefined)[] = ['EPIPE', 'ECONNRESET']

export function hearLastWords(socket: Socket): Socket {
  const [write, writev] = [socket._write, socket._writev]
  let [latest, held]: Written[] = []
  // A stream tells of nearly all its writes in one way.
  const holding = (written: Written): Written => {
    if (written === latest && held !== undefined) return held
    latest = written
    held = error => {
      if (GONE.includes((error as NodeJS.ErrnoException | undefined)?.code) && !socket.readableEnded) {
        socket.once('close', () => written(error))
      } else written(error)
    }
    return held
  }
  socket._write = (chunk, encoding, written) => write.call(socket, chunk, encoding, holding(written))
  socket._writev = (chunks, written) => writev?.call(socket, chunks, holding(written))
  return socket
}
