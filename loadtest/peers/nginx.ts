/** nginx as a plain reverse proxy with one worker: no authentication, no access log. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../devkit/torhaus/free-port.ts'
import { TUNNEL_TARGET } from '../lab/origin.ts'
import { startServer } from '../lab/server.ts'
import { CERTIFIED_NAME, type LabTls } from '../lab/tls.ts'
import type { SubjectStarter, Surroundings } from '../subject.ts'

export const nginx: SubjectStarter = async surroundings => {
  const { directory } = surroundings
  const port = await freePort()
  const configFile = join(directory, 'nginx.conf')
  writeFileSync(configFile, nginxConfig(port, surroundings))
  const outputFile = join(directory, 'nginx.log')
  const server = await startServer(['nginx', '-c', configFile, '-p', directory], { place: 'proxy', port, outputFile })
  return { name: 'nginx', port, server }
}

function nginxConfig(port: number, { directory, origin, tls }: Surroundings): string {
  const isToOrigin = tls?.isToOrigin === true
  return `daemon off;
worker_processes 1;
pid ${directory}/nginx.pid;
error_log stderr warn;
events { worker_connections 8192; }
http {
  access_log off;
  keepalive_requests 1000000000;
  large_client_header_buffers 8 64k;
  client_max_body_size 0;
  client_body_temp_path ${directory}/nginx-body;
  proxy_temp_path ${directory}/nginx-proxy;
  upstream origin {
    server 127.0.0.1:${isToOrigin ? origin.tlsPort : origin.port};
    keepalive 128;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port} ${tls === undefined ? '' : 'ssl '}backlog=4096;
${tls === undefined ? '' : clientLines(tls)}    location / {
      proxy_pass ${isToOrigin ? 'https' : 'http'}://origin;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host:$server_port;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_request_buffering off;
      proxy_max_temp_file_size 0;
    }
    location = ${TUNNEL_TARGET} {
      proxy_pass ${isToOrigin ? 'https' : 'http'}://origin;
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
      proxy_read_timeout 1h;
    }
  }
}
`
}

/** TLS 1.3 is not among the defaults of nginx before 1.23.4. It compares no addresses, only names. */
const clientLines = ({
  certificateFile,
  privateKeyFile,
  caFile,
  isToOrigin,
}: LabTls) => `    ssl_certificate ${certificateFile};
    ssl_certificate_key ${privateKeyFile};
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache shared:clients:10m;
${isToOrigin ? originLines(caFile) : ''}`

const originLines = (caFile: string) => `    proxy_ssl_protocols TLSv1.2 TLSv1.3;
    proxy_ssl_verify on;
    proxy_ssl_trusted_certificate ${caFile};
    proxy_ssl_name ${CERTIFIED_NAME};
    proxy_ssl_session_reuse on;
`
