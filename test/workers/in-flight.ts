/** Requests to the workers of a lab, and one that is not over yet. */
import { RawConnection, requestText } from '../../devkit/clients/raw-http.ts'
import { patField } from '../../devkit/torhaus/proxy-under-test.ts'
import type { WorkersLab } from './workers-lab.ts'

export const get = (lab: Pick<WorkersLab, 'port'>, path: string) =>
  requestText(`GET ${path}`, [`Host: 127.0.0.1:${lab.port}`, patField])

export interface InFlight {
  /** Lets the origin server answer. */
  readonly finish: () => void
  /** What it answered then. */
  text(): Promise<string>
}

/** Resolves when a request for `/slow` is at the origin server, which answers every other one at once. */
export async function startInFlight(lab: WorkersLab): Promise<InFlight> {
  const { promise, resolve } = Promise.withResolvers<void>()
  lab.origin.answerWith(async (request, response) => {
    if (request.url === '/slow') await promise
    response.end('done')
  })
  const connection = await RawConnection.open(lab.port)
  connection.send(get(lab, '/slow'))
  await lab.origin.arrived('/slow')
  return { finish: resolve, text: async () => (await connection.response()).text }
}
