import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import { listen } from '../op/listen.ts'

/** Below what systems give to outgoing connections (Linux: from 32,768): nobody gets it by accident meanwhile. */
const FIRST_PORT = 15_000
const LAST_PORT = 32_000
const ATTEMPTS = 50

/**
 * A port of 127.0.0.1 on which nobody listens, for what must know its own address before it listens. It is given out
 * once, whoever asks, as long as this process lives: the UDP port of the same number, which nothing here uses, says
 * that it is taken.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const port = randomInt(FIRST_PORT, LAST_PORT)
    try {
      await reserve(port)
      const probe = createServer()
      await listen(probe, '127.0.0.1', port)
      await new Promise(resolve => probe.close(resolve))
      return port
    } catch (error) {
      if (attempt === ATTEMPTS) throw error
    }
  }
}

/** Two of them. */
export const freePorts = async (): Promise<[first: number, second: number]> => [await freePort(), await freePort()]

function reserve(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4').unref()
    socket.once('error', error => {
      socket.close()
      reject(error)
    })
    socket.bind({ address: '127.0.0.1', port, exclusive: true }, resolve)
  })
}
