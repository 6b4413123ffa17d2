/** Caddy as a plain reverse proxy on one core, HTTP/1.1 on both sides: no authentication, no access log. */
import { writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../../devkit/torhaus/free-port.ts'
import { originUrl } from '../lab/origin.ts'
import { startServer } from '../lab/server.ts'
import { schemeOf } from '../lab/tls.ts'
import type { SubjectStarter, Surroundings } from '../subject.ts'

export const caddy: SubjectStarter = async surroundings => {
  const directory = join(surroundings.directory, 'caddy')
  await mkdir(directory)
  const port = await freePort()
  const configFile = join(directory, 'Caddyfile')
  writeFileSync(configFile, caddyfile(port, directory, surroundings))
  const server = await startServer(['caddy', 'run', '--config', configFile, '--adapter', 'caddyfile'], {
    ...{ place: 'proxy', port, outputFile: join(directory, 'output.log') },
    // It writes to the home of whoever starts it.
    env: { ...process.env, HOME: directory, XDG_CONFIG_HOME: directory, XDG_DATA_HOME: directory },
  })
  return { name: 'caddy', port, server }
}

function caddyfile(port: number, directory: string, surroundings: Surroundings): string {
  const { tls } = surroundings
  return `{
  admin off
  auto_https off
  storage file_system ${directory}
  log {
    level WARN
  }
  servers {
    protocols h1
  }
}
${schemeOf(tls)}://127.0.0.1:${port} {
  bind 127.0.0.1
${tls === undefined ? '' : `  tls ${tls.certificateFile} ${tls.privateKeyFile}\n`}  reverse_proxy ${originUrl(surroundings)} {
    transport http {
      versions 1.1
      keepalive_idle_conns 128
      keepalive_idle_conns_per_host 128
${tls?.isToOrigin === true ? `      tls_trusted_ca_certs ${tls.caFile}\n` : ''}    }
  }
}
`
}
