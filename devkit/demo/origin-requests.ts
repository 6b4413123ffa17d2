import { createServer } from 'node:http'
import { closeServer } from '../op/close-server.ts'
import { listen } from '../op/listen.ts'
import { sendJson } from '../origin/exchange.ts'

export type OriginRequests = {
  readonly url: string
  close(): Promise<void>
}

/** A listener on loopback that answers what the origin server saw: `{"target":count}`. */
export async function showOriginRequests(targets: () => Readonly<Record<string, number>>): Promise<OriginRequests> {
  const server = createServer((_, response) => sendJson(response, 200, targets()))
  const port = await listen(server, '127.0.0.1', 0)
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => closeServer(server),
  }
}
