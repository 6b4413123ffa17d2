/** Stock @fastify/http-proxy as its README shows it, without authentication, log and metrics: the measured baseline. */
import { join, resolve } from 'node:path'
import { freePort } from '../../devkit/torhaus/free-port.ts'
import { startServer } from '../lab/server.ts'
import type { SubjectStarter } from '../subject.ts'

const ENTRY_POINT = resolve(import.meta.dirname, 'http-proxy-server.ts')

export const httpProxy: SubjectStarter = async ({ directory, origin }) => {
  const port = await freePort()
  const server = await startServer([process.execPath, ENTRY_POINT, `${port}`, `http://127.0.0.1:${origin.port}`], {
    place: 'proxy',
    port,
    outputFile: join(directory, 'http-proxy.log'),
  })
  return { name: 'http-proxy', port, server }
}
