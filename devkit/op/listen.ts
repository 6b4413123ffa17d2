import type { Server } from 'node:net'

/** Listens and returns the port, which the system chooses for 0; rejects with the system's error if it is taken. */
export function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      const address = server.address()
      if (address === null || typeof address === 'string') reject(new TypeError('not a TCP server'))
      else resolve(address.port)
    })
  })
}
