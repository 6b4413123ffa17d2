/** Client connections that have had one answer each and are then kept. */
import { once } from 'node:events'
import { Agent, get, type IncomingMessage } from 'node:http'
import { get as getOverTls, Agent as TlsAgent } from 'node:https'
import type { LabTls } from '../lab/tls.ts'
import type { LoadRequest } from '../load.ts'

const AT_A_TIME = 32

/** Resolves once all are open. Disposing closes them. @throws where an answer is not 200. */
export async function holdConnections(port: number, { target, fields }: LoadRequest, count: number, tls?: LabTls) {
  // Each request is given its connection and keeps it: no request after it may use the same one.
  const agents = Array.from({ length: count }, () =>
    tls === undefined ? new Agent({ keepAlive: true }) : new TlsAgent({ keepAlive: true, ca: tls.ca }),
  )
  const unused = agents.values()
  const worker = async () => {
    for (const agent of unused) {
      const options = { host: '127.0.0.1', port, path: target, headers: fields, agent }
      const request = tls === undefined ? get(options) : getOverTls(options)
      const [response] = (await once(request, 'response')) as [IncomingMessage]
      response.resume()
      await once(response, 'end')
      if (response.statusCode !== 200) throw new Error(`a connection to be kept was answered ${response.statusCode}`)
    }
  }
  const close = () => {
    for (const agent of agents) agent.destroy()
  }
  try {
    await Promise.all(Array.from({ length: AT_A_TIME }, worker))
  } catch (error) {
    close()
    throw error
  }
  return { [Symbol.dispose]: close }
}
