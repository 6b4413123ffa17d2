/** nginx and Apache as origin servers that require a client certificate, each in its own way. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ServerProcess, startServerProcess } from '../../devkit/realm/server-process.ts'
import type { CertificateAuthority } from '../../devkit/torhaus/certificate-authority.ts'
import { freePort } from '../../devkit/torhaus/free-port.ts'

export type ServerKind = 'nginx' | 'apache'

export interface AskingServer extends AsyncDisposable {
  readonly url: string
  readonly process: ServerProcess
}

/** It shows a certificate of `authority`, and answers those who show one of it with `seen CN=NAME`. */
export async function startAskingServer(
  kind: ServerKind,
  directory: string,
  authority: CertificateAuthority,
): Promise<AskingServer> {
  const port = await freePort()
  const folder = join(directory, kind)
  await mkdir(join(folder, 'htdocs'), { recursive: true })
  const { certificateFile, privateKeyFile } = authority.sign('IP:127.0.0.1')
  const files = { folder, port, certificateFile, privateKeyFile, caFile: authority.certificateFile }
  const configFile = join(folder, 'server.conf')
  await writeFile(configFile, kind === 'nginx' ? nginxConfig(files) : apacheConfig(files))
  await writeFile(join(folder, 'htdocs/index.html'), 'seen <!--#echo var="SSL_CLIENT_S_DN" -->')
  const [program, args] =
    kind === 'nginx'
      ? ['nginx', ['-e', 'stderr', '-c', configFile]]
      : ['apache2', ['-D', 'FOREGROUND', '-d', folder, '-f', configFile]]
  const process = await startServerProcess(program, args, { address: '127.0.0.1', port })
  return { url: `https://127.0.0.1:${port}`, process, [Symbol.asyncDispose]: () => process.stop() }
}

interface Files {
  readonly folder: string
  readonly port: number
  readonly certificateFile: string
  readonly privateKeyFile: string
  readonly caFile: string
}

/** Takes every handshake, and answers 400 to who has shown nothing good. */
const nginxConfig = ({ folder, port, certificateFile, privateKeyFile, caFile }: Files) => `daemon off;
pid ${folder}/nginx.pid;
events {}
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${certificateFile};
    ssl_certificate_key ${privateKeyFile};
    ssl_client_certificate ${caFile};
    ssl_verify_client on;
    location / { return 200 "seen $ssl_client_s_dn"; }
  }
}
`

/** Ends the handshake, with TLS 1.3 when the client believes that it is over. */
const apacheConfig = ({ folder, port, certificateFile, privateKeyFile, caFile }: Files) => `ServerName localhost
PidFile ${folder}/apache.pid
DefaultRuntimeDir ${folder}
${['mpm_event', 'authz_core', 'alias', 'include', 'ssl'].map(name => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
${process.getuid?.() === 0 ? 'User www-data\nGroup www-data' : ''}
ErrorLog ${folder}/error.log
Listen 127.0.0.1:${port}
<VirtualHost 127.0.0.1:${port}>
  SSLEngine on
  SSLCertificateFile ${certificateFile}
  SSLCertificateKeyFile ${privateKeyFile}
  SSLCACertificateFile ${caFile}
  SSLVerifyClient require
  SSLOptions +StdEnvVars
  DocumentRoot ${folder}/htdocs
  AliasMatch ^ ${folder}/htdocs/index.html
  <Directory ${folder}/htdocs>
    Options Includes
    SetOutputFilter INCLUDES
    Require all granted
  </Directory>
</VirtualHost>
`
