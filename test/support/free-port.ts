import { createServer } from 'node:net'
import { listen } from './openid-provider/listen.ts'

/** A port of 127.0.0.1 that was free a moment ago, for what must know its own address before it listens. */
export async function freePort(): Promise<number> {
  const probe = createServer()
  const port = await listen(probe, '127.0.0.1', 0)
  await new Promise(resolve => probe.close(resolve))
  return port
}
