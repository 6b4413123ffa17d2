/** Apache with mod_proxy: mpm_event with one process, configured alike for each peer built on it. */
import { writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { originUrl } from '../lab/origin.ts'
import { type Server, startServer } from '../lab/server.ts'
import { CERTIFIED_NAME, type LabTls } from '../lab/tls.ts'
import type { Surroundings } from '../subject.ts'

export interface ApacheOptions {
  readonly surroundings: Surroundings
  readonly name: string
  readonly port: number
  /** Modules beside those of the plain proxy, by the name of their file without `mod_`. */
  readonly modules: readonly string[]
  /** Configuration of the server; and what stands in `<Location "/">`. */
  readonly directives: string
  readonly location: string
  /** Variables beside those of this process. */
  readonly environment?: NodeJS.ProcessEnv
}

const MODULES = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'proxy', 'proxy_http']
const TLS_MODULES = ['ssl', 'socache_shmcb']
const MODULE_DIRECTORY = '/usr/lib/apache2/modules'

export async function startApache(options: ApacheOptions): Promise<Server> {
  const { name, port, surroundings } = options
  const directory = join(surroundings.directory, name)
  await mkdir(directory)
  const configFile = join(directory, 'apache.conf')
  writeFileSync(configFile, apacheConfig(directory, options), { mode: 0o600 })
  return startServer(['apache2', '-D', 'FOREGROUND', '-f', configFile], {
    place: 'proxy',
    port,
    outputFile: join(surroundings.directory, `${name}.log`),
    env: { ...process.env, ...options.environment },
  })
}

function apacheConfig(directory: string, options: ApacheOptions): string {
  const { port, surroundings, modules, directives, location } = options
  const { tls } = surroundings
  // It compares names of the certificate, no addresses.
  const host = tls?.isToOrigin === true ? CERTIFIED_NAME : undefined
  const modulePath = (name: string) => `LoadModule ${name}_module ${MODULE_DIRECTORY}/mod_${name}.so`
  // Apache serves nothing as root; www-data comes with Debian's package.
  const identity = process.getuid?.() === 0 ? 'User www-data\nGroup www-data\n' : ''
  return `ServerRoot "${directory}"
ServerName 127.0.0.1
DefaultRuntimeDir "${directory}"
PidFile "${directory}/apache2.pid"
Listen 127.0.0.1:${port}
${[...MODULES, ...(tls === undefined ? [] : TLS_MODULES), ...modules].map(modulePath).join('\n')}
${identity}ErrorLog "${directory}/error.log"
LogLevel warn
ServerLimit 1
StartServers 1
# More than there are clients: an mpm_event whose workers are all busy closes kept-alive connections.
ThreadLimit 128
ThreadsPerChild 128
MaxRequestWorkers 128
ListenBacklog 4096
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 60
LimitRequestFieldSize 131072
LimitRequestBody 0
${tls === undefined ? '' : tlsDirectives(directory, tls)}${directives}
ProxyRequests Off
ProxyPass /oidc-callback !
ProxyPass / ${originUrl(surroundings, host)}/ keepalive=On
<Location "/">
${location}
</Location>
`
}

function tlsDirectives(directory: string, { certificateFile, privateKeyFile, caFile, isToOrigin }: LabTls): string {
  const lines = [
    ...['SSLEngine on', `SSLCertificateFile ${certificateFile}`, `SSLCertificateKeyFile ${privateKeyFile}`],
    `SSLSessionCache shmcb:${directory}/sessions(10240000)`,
    ...(isToOrigin ? ['SSLProxyEngine on', 'SSLProxyVerify require', `SSLProxyCACertificateFile ${caFile}`] : []),
  ]
  return `${lines.join('\n')}\n`
}
