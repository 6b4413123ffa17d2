/** An origin that sends exactly the bytes a test gives it, right or wrong. */
import { createServer, type Socket } from 'node:net'
import { listen } from '../op/listen.ts'

export type RawOrigin = {
  readonly url: string
  /** Heads of the requests that arrived, and connections accepted so far. */
  readonly heads: readonly string[]
  readonly connections: number
  /** What happens when the head of a request has arrived; `head` without its empty line. */
  respondWith(respond: (socket: Socket, head: string) => void): void
  close(): Promise<void>
}

/** Requests it is sent must have no content, or content that comes after the answer. */
export async function startRawOrigin(): Promise<RawOrigin> {
  const heads: string[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  let respond: (socket: Socket, head: string) => void = socket => socket.destroy()
  const server = createServer({ allowHalfOpen: true }, socket => {
    connections++
    // Each write arrives on its own, and at once.
    socket.setNoDelay(true)
    sockets.add(socket)
    let received = ''
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1')
      for (let end = received.indexOf('\r\n\r\n'); end !== -1; end = received.indexOf('\r\n\r\n')) {
        const head = received.slice(0, end)
        received = received.slice(end + 4)
        heads.push(head)
        respond(socket, head)
      }
    })
  })
  const port = await listen(server, '127.0.0.1', 0)
  return {
    url: `http://127.0.0.1:${port}`,
    heads,
    get connections() {
      return connections
    },
    respondWith(next) {
      respond = next
    },
    async close() {
      const closed = new Promise(resolve => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
