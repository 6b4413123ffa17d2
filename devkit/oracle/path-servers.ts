/**
 * nginx and Apache, each with and without what it does to slashes by default: they answer with the path that they read.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ServerProcess, startServerProcess } from '../realm/server-process.ts'
import { freePort } from '../torhaus/free-port.ts'
import { overHttp, type PathReader } from './path-reader.ts'

export interface PathServers {
  readonly readers: readonly PathReader[]
  close(): Promise<void>
}

export async function startPathServers(): Promise<PathServers> {
  await using undo = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'torhaus-oracle-'))
  undo.defer(() => rm(directory, { recursive: true, force: true }))
  const ports = [await freePort(), await freePort(), await freePort(), await freePort()] as const
  const [merging, plain, decoding, keeping] = ports
  const nginxFile = join(directory, 'nginx.conf')
  const apacheFile = join(directory, 'apache2.conf')
  await writeFile(nginxFile, nginxConfig(directory, merging, plain))
  await writeFile(apacheFile, apacheConfig(directory, decoding, keeping))
  const start = async (port: number, ...command: readonly string[]) => {
    // It ends with this process, whatever ends this process.
    const server: ServerProcess = await startServerProcess('setpriv', ['--pdeathsig', 'TERM', ...command], {
      ...{ address: '127.0.0.1', port },
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    })
    undo.defer(() => server.stop())
  }
  await start(plain, 'nginx', '-c', nginxFile, '-p', directory)
  await start(keeping, 'apache2', '-DFOREGROUND', '-d', directory, '-f', apacheFile)
  const kept = undo.move()
  return {
    readers: [
      overHttp('nginx', merging),
      overHttp('nginx, slashes not merged', plain),
      overHttp('Apache, encoded slashes decoded', decoding),
      overHttp('Apache, encoded slashes kept', keeping),
    ],
    close: () => kept.disposeAsync(),
  }
}

function nginxConfig(directory: string, merging: number, plain: number): string {
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    name => `${name}_temp_path ${directory}/nginx-${name};`,
  )
  const server = (port: number, merge: string) =>
    `server { listen 127.0.0.1:${port}; merge_slashes ${merge}; default_type text/plain; location / { return 200 "$uri"; } }`
  return `daemon off;
master_process off;
pid ${directory}/nginx.pid;
error_log /dev/null;
events {}
http {
  access_log off;
  ${places.join('\n  ')}
  ${server(merging, 'on')}
  ${server(plain, 'off')}
}
`
}

const MODULES = ['mpm_event', 'authz_core', 'headers', 'alias', 'rewrite']

/** The rewriting keeps Apache from looking for a file; what it answers with is the path it has decoded. */
function apacheConfig(directory: string, decoding: number, keeping: number): string {
  const modules = MODULES.map(name => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`)
  const host = (port: number, slashes: string, merge: string) => `Listen 127.0.0.1:${port}
<VirtualHost 127.0.0.1:${port}>
  AllowEncodedSlashes ${slashes}
  MergeSlashes ${merge}
  RewriteEngine On
  RewriteRule ^ - [R=200,L]
</VirtualHost>`
  return `ServerRoot "${directory}"
ServerName oracle.example
DefaultRuntimeDir "${directory}"
PidFile "${directory}/apache2.pid"
ErrorLog /dev/null
${modules.join('\n')}
Header always set X-Path "expr=%{base64:%{REQUEST_URI}}"
${host(decoding, 'On', 'On')}
${host(keeping, 'NoDecode', 'Off')}
`
}
