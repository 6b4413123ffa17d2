import { HEALTH_PATH } from '../app/health-route.ts'

/**
 * Sends a request to a worker's private socket; true if it does not answer in time. A missing socket, e.g. because the
 * folder for temporary files was cleaned, says nothing about the worker.
 */
export async function isUnresponsive(socketPath: string, timeoutMs: number): Promise<boolean> {
  // Loaded here, because loading it earlier would delay the start of the workers.
  const { get } = await import('node:http')
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const request = get({ socketPath, path: HEALTH_PATH, agent: false }, response => {
    response.resume()
    resolve(response.statusCode !== 204)
  })
  // For the whole request: a hung worker may accept the connection and send nothing.
  const timer = setTimeout(() => request.destroy(new Error('too late')), timeoutMs)
  request
    .on('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ENOENT'))
    .on('close', () => clearTimeout(timer))
  return await promise
}
