import { HEALTH_PATH } from '../app/health-route.ts'

/**
 * Asks a worker through its private entrance, and says whether it did not answer in time. An entrance that is not there
 * any more, since somebody has cleared the folder of temporary files, says nothing of the worker.
 */
export async function isUnresponsive(socketPath: string, timeoutMs: number): Promise<boolean> {
  // Not before the workers start, which would wait for it.
  const { get } = await import('node:http')
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const request = get({ socketPath, path: HEALTH_PATH, agent: false }, response => {
    response.resume()
    resolve(response.statusCode !== 204)
  })
  // Of the whole: a worker may take the connection and say nothing.
  const timer = setTimeout(() => request.destroy(new Error('too late')), timeoutMs)
  request
    .on('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ENOENT'))
    .on('close', () => clearTimeout(timer))
  return await promise
}
