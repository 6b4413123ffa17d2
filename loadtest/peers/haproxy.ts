/** HAProxy as a plain reverse proxy with one thread: no authentication, no log. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../devkit/torhaus/free-port.ts'
import { startServer } from '../lab/server.ts'
import type { SubjectStarter } from '../subject.ts'

export const haproxy: SubjectStarter = async ({ directory, origin }) => {
  const port = await freePort()
  const configFile = join(directory, 'haproxy.cfg')
  writeFileSync(
    configFile,
    `global
  nbthread 1
  maxconn 8192
defaults
  mode http
  timeout connect 10s
  timeout client 300s
  timeout server 300s
  timeout tunnel 1h
  option forwardfor
  http-reuse always
frontend clients
  bind 127.0.0.1:${port}
  default_backend origin
backend origin
  server origin 127.0.0.1:${origin.port}
`,
  )
  const outputFile = join(directory, 'haproxy.log')
  const server = await startServer(['haproxy', '-db', '-f', configFile], { place: 'proxy', port, outputFile })
  return { name: 'haproxy', port, server }
}
