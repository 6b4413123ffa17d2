/** Stock @fastify/http-proxy as its README shows it, without authentication, log and metrics: the measured baseline. */
import { join, resolve } from 'node:path'
import { freePort } from '../../devkit/torhaus/free-port.ts'
import { originUrl } from '../lab/origin.ts'
import { startServer } from '../lab/server.ts'
import type { SubjectStarter } from '../subject.ts'

const ENTRY_POINT = resolve(import.meta.dirname, 'http-proxy-server.ts')

export const httpProxy: SubjectStarter = async surroundings => {
  const { directory, tls } = surroundings
  const port = await freePort()
  const files = tls === undefined ? [] : [tls.certificateFile, tls.privateKeyFile, tls.caFile]
  const command = [process.execPath, ENTRY_POINT, `${port}`, originUrl(surroundings), ...files]
  const server = await startServer(command, {
    place: 'proxy',
    port,
    outputFile: join(directory, 'http-proxy.log'),
  })
  return { name: 'http-proxy', port, server }
}
