/** Apache with mod_proxy: mpm_event with one process, configured alike for each peer built on it. */
import { writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Server, startServer } from '../lab/server.ts'

export interface ApacheOptions {
  readonly directory: string
  readonly name: string
  readonly port: number
  readonly originPort: number
  /** Modules beside those of the plain proxy, by the name of their file without `mod_`. */
  readonly modules: readonly string[]
  /** Configuration of the server; and what stands in `<Location "/">`. */
  readonly directives: string
  readonly location: string
  /** Variables beside those of this process. */
  readonly environment?: NodeJS.ProcessEnv
}

const MODULES = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'proxy', 'proxy_http']
const MODULE_DIRECTORY = '/usr/lib/apache2/modules'

export async function startApache(options: ApacheOptions): Promise<Server> {
  const directory = join(options.directory, options.name)
  await mkdir(directory)
  const configFile = join(directory, 'apache.conf')
  writeFileSync(configFile, apacheConfig(directory, options), { mode: 0o600 })
  const { name, port } = options
  return startServer(['apache2', '-D', 'FOREGROUND', '-f', configFile], {
    place: 'proxy',
    port,
    outputFile: join(options.directory, `${name}.log`),
    env: { ...process.env, ...options.environment },
  })
}

function apacheConfig(directory: string, { port, originPort, modules, directives, location }: ApacheOptions): string {
  const modulePath = (name: string) => `LoadModule ${name}_module ${MODULE_DIRECTORY}/mod_${name}.so`
  // Apache serves nothing as root; www-data comes with Debian's package.
  const identity = process.getuid?.() === 0 ? 'User www-data\nGroup www-data\n' : ''
  return `ServerRoot "${directory}"
ServerName 127.0.0.1
DefaultRuntimeDir "${directory}"
PidFile "${directory}/apache2.pid"
Listen 127.0.0.1:${port}
${[...MODULES, ...modules].map(modulePath).join('\n')}
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
${directives}
ProxyRequests Off
ProxyPass /oidc-callback !
ProxyPass / http://127.0.0.1:${originPort}/ keepalive=On
<Location "/">
${location}
</Location>
`
}
