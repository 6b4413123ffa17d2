/** Apache as a Kerberos-protected origin server: two virtual hosts that differ in nothing but GssapiConnectionBound. */
import { join } from 'node:path'
import { ORIGIN_NAME } from './lab-accounts.ts'

export type ApachePlace = {
  readonly directory: string
  readonly address: string
  /** The user workers run as; undefined where this process is not root and they run as itself. */
  readonly user: string | undefined
}

/** Every request stands alone: one without credentials gets a 401. */
export const PER_REQUEST_PORT = 8081

/** The first authentication counts for the whole connection, as in IIS with authPersistNonNTLM. */
export const CONNECTION_BOUND_PORT = 8082

const MODULES = [
  'mpm_event',
  'authn_core',
  'authz_core',
  'authz_user',
  'auth_gssapi',
  'alias',
  'cgid',
  'env',
  'include',
]

export function apacheConfig(place: ApachePlace): string {
  const path = (name: string) => join(place.directory, name)
  const identity = place.user === undefined ? '' : `User ${place.user}\nGroup ${place.user}\n`
  return `ServerRoot "${place.directory}"
ServerName ${ORIGIN_NAME}
DefaultRuntimeDir "${path('run')}"
PidFile "${path('run/apache2.pid')}"
ScriptSock "${path('run/cgid.sock')}"
${MODULES.map(name => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so\n`).join('')}${identity}
# Few processes with many threads: idle kept-alive connections cost mpm_event no thread.
ServerLimit 2
ThreadsPerChild 64
MaxRequestWorkers 128
StartServers 1
KeepAlive On
KeepAliveTimeout 60
MaxKeepAliveRequests 0
Timeout 120
# A Kerberos token of a large PAC fills 64 KB; a push has no bound.
LimitRequestFieldSize 131072
LimitRequestBody 0

ErrorLog "${path('log/error.log')}"
LogLevel warn
# %u and %{remote}p together say which identity each connection served.
LogFormat "{\\"port\\":%{local}p,\\"clientPort\\":%{remote}p,\\"account\\":\\"%u\\",\\"status\\":%>s,\\"method\\":\\"%m\\",\\"path\\":\\"%U\\"}" exchange
CustomLog "${path('log/access.log')}" exchange

${virtualHost(place, PER_REQUEST_PORT, 'Off')}
${virtualHost(place, CONNECTION_BOUND_PORT, 'On')}`
}

function virtualHost(place: ApachePlace, port: number, connectionBound: 'On' | 'Off'): string {
  const path = (name: string) => join(place.directory, name)
  return `Listen ${place.address}:${port}
<VirtualHost ${place.address}:${port}>
  ServerName ${ORIGIN_NAME}
  DocumentRoot "${path('htdocs')}"
  # Server-side includes: an answer with REMOTE_USER costs no process, and reads the content of a POST to its end.
  Alias /whoami "${path('htdocs/whoami.json')}"
  Alias /upload "${path('htdocs/whoami.json')}"
  Alias /static "${path('htdocs/static.bin')}"
  ScriptAlias /stream "${path('cgi/stream')}"
  ScriptAlias /git/ "/usr/lib/git-core/git-http-backend/"
  SetEnv GIT_PROJECT_ROOT "${path('git')}"
  SetEnv GIT_HTTP_EXPORT_ALL 1
  SetEnv GIT_CONFIG_NOSYSTEM 1
  <Location "/">
    AuthType GSSAPI
    AuthName "${ORIGIN_NAME}"
    GssapiCredStore keytab:${path('run/devops.keytab')}
    GssapiAcceptorName HTTP@${ORIGIN_NAME}
    GssapiAllowedMech krb5
    GssapiConnectionBound ${connectionBound}
    Require valid-user
  </Location>
  <Directory "${path('htdocs')}">
    Options Includes
    <Files "whoami.json">
      ForceType application/json
      SetOutputFilter INCLUDES
    </Files>
  </Directory>
</VirtualHost>
`
}
