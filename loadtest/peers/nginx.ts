/** nginx as a plain reverse proxy with one worker: no authentication, no access log. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../devkit/torhaus/free-port.ts'
import { TUNNEL_TARGET } from '../lab/origin.ts'
import { startServer } from '../lab/server.ts'
import type { SubjectStarter } from '../subject.ts'

export const nginx: SubjectStarter = async ({ directory, origin }) => {
  const port = await freePort()
  const configFile = join(directory, 'nginx.conf')
  writeFileSync(
    configFile,
    `daemon off;
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
  upstream origin { server 127.0.0.1:${origin.port}; keepalive 256; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host:$server_port;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_request_buffering off;
      proxy_max_temp_file_size 0;
    }
    location = ${TUNNEL_TARGET} {
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
      proxy_read_timeout 1h;
    }
  }
}
`,
  )
  const outputFile = join(directory, 'nginx.log')
  const server = await startServer(['nginx', '-c', configFile, '-p', directory], { place: 'proxy', port, outputFile })
  return { name: 'nginx', port, server }
}
