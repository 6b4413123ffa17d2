import type { Server } from 'node:http'

/** Ends whatever is under way, and resolves when nobody listens any more. */
export async function closeServer(server: Pick<Server, 'close' | 'closeAllConnections'>): Promise<void> {
  const closed = new Promise(resolve => server.close(resolve))
  server.closeAllConnections()
  await closed
}
