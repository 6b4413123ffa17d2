/** A loopback address of its own for each lab, so that fixed ports never collide and several labs run at once. */
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

const ATTEMPTS = 20

/**
 * An address in 127.64.0.0/10 on which every given TCP port is free (Linux: all of 127.0.0.0/8 is bound to lo, RFC 1122
 * 3.2.1.3). Random among four million, so two labs that look at the same moment do not meet.
 */
export async function freeLoopbackAddress(ports: readonly number[]): Promise<string> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const address = `127.${randomInt(64, 128)}.${randomInt(256)}.${randomInt(1, 255)}`
    const free = await Promise.all(ports.map(port => isFree(address, port)))
    if (free.every(Boolean)) return address
  }
  throw new Error(`no loopback address with free ports ${ports.join(', ')} after ${ATTEMPTS} attempts`)
}

async function isFree(address: string, port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen({ host: address, port, exclusive: true })
    await once(server, 'listening')
    server.close()
    await once(server, 'close')
    return true
  } catch {
    return false
  }
}
