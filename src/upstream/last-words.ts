/**
 * A server that answers early and closes makes our next write fail. Node destroys a socket with its first failed write,
 * and what the server had said before that, which the system still holds for us, would be lost. So the failure waits
 * until all was read: reading ends with the connection, since what cannot be written to any more is closed or reset.
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
