import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import { listen } from './openid-provider/listen.ts'

/** Below what systems give to outgoing connections (Linux: from 32,768): nobody gets it by accident meanwhile. */
const FIRST_PORT = 15_000
const LAST_PORT = 32_000
const ATTEMPTS = 20

/** A port of 127.0.0.1 that was free a moment ago, for what must know its own address before it listens. */
export async function freePort(): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const probe = createServer()
    try {
      const port = await listen(probe, '127.0.0.1', randomInt(FIRST_PORT, LAST_PORT))
      await new Promise(resolve => probe.close(resolve))
      return port
    } catch (error) {
      if (attempt === ATTEMPTS) throw error
    }
  }
}
