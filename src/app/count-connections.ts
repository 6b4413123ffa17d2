import type { FastifyInstance } from 'fastify'

/** How many client connections are open, from now on. */
export function countConnections(app: FastifyInstance): () => number {
  let open = 0
  app.server.on('connection', socket => {
    open++
    socket.on('close', () => open--)
  })
  return () => open
}
