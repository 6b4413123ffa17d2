/** HAProxy as a plain reverse proxy with one thread: no authentication, no log. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../devkit/torhaus/free-port.ts'
import { startServer } from '../lab/server.ts'
import { CERTIFIED_NAME } from '../lab/tls.ts'
import type { SubjectStarter, Surroundings } from '../subject.ts'

export const haproxy: SubjectStarter = async surroundings => {
  const { directory } = surroundings
  const port = await freePort()
  const configFile = join(directory, 'haproxy.cfg')
  const { bindTls, serverTls, originPort } = tlsParts(surroundings)
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
  bind 127.0.0.1:${port}${bindTls}
  default_backend origin
backend origin
  server origin 127.0.0.1:${originPort}${serverTls}
`,
  )
  const outputFile = join(directory, 'haproxy.log')
  const server = await startServer(['haproxy', '-db', '-f', configFile], { place: 'proxy', port, outputFile })
  return { name: 'haproxy', port, server }
}

/** It takes certificate and key in one file, and compares names of the certificate only. */
function tlsParts({ directory, origin, tls }: Surroundings) {
  if (tls === undefined) return { bindTls: '', serverTls: '', originPort: origin.port }
  const { certificateFile, privateKeyFile, caFile, isToOrigin } = tls
  const file = join(directory, 'haproxy.pem')
  writeFileSync(file, readFileSync(certificateFile, 'utf8') + readFileSync(privateKeyFile, 'utf8'), { mode: 0o600 })
  const verification = `ssl verify required ca-file ${caFile} verifyhost ${CERTIFIED_NAME}`
  return {
    bindTls: ` ssl crt ${file}`,
    serverTls: isToOrigin ? ` ${verification}` : '',
    originPort: isToOrigin ? origin.tlsPort : origin.port,
  }
}
