/**
 * The origin server: nginx with one worker, which costs a few microseconds per request and so never limits, and beside it
 * a small server that reads uploads to their end (nginx answers `return` before the content has come).
 *
 *   /1k                  1,024 bytes
 *   /100k, /700k, /1g    files by sendfile
 *   /ticket/1k           1,024 bytes, only with a Negotiate token in the request; 401 without
 *   /upload              the number of bytes received, as text
 */
import { truncateSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { freePort } from '../../test/support/free-port.ts'
import { type Server, startServer } from './server.ts'

/** Where the origin server wants a token in each request. It does not look into it: what that costs is not the proxy's. */
export const TICKET_FOLDER = '/ticket'

export const SMALL_BYTES = 1024
export const MEDIUM_BYTES = 102_400
export const SIZEABLE_BYTES = 716_800
export const LARGE_BYTES = 1 << 30

export interface OriginCounts {
  /** Connections accepted, and requests read, since the start; without those that ask for these counts. */
  readonly connections: number
  readonly requests: number
}

export interface Origin {
  readonly port: number
  counts(): Promise<OriginCounts>
  stop(): Promise<void>
}

export async function startOrigin(directory: string): Promise<Origin> {
  const [port, sinkPort, statusPort] = [await freePort(), await freePort(), await freePort()]
  const files = join(directory, 'origin-files')
  await mkdir(files)
  writeFileSync(join(files, '100k'), Buffer.alloc(MEDIUM_BYTES, 'torhaus '))
  writeFileSync(join(files, '700k'), Buffer.alloc(SIZEABLE_BYTES, 'torhaus '))
  writeFileSync(join(files, '1g'), '')
  // A hole in the file: reads as zeros, takes no space.
  truncateSync(join(files, '1g'), LARGE_BYTES)
  const configFile = join(directory, 'origin.conf')
  writeFileSync(configFile, nginxConfig({ directory, files, port, statusPort, sinkPort }))

  const outputFile = join(directory, 'origin.log')
  const sink = await startServer([process.execPath, resolve(import.meta.dirname, 'upload-sink.ts'), `${sinkPort}`], {
    place: 'load',
    port: sinkPort,
    outputFile: join(directory, 'upload-sink.log'),
  })
  const nginx = await startServer(['nginx', '-c', configFile, '-p', directory], { place: 'load', port, outputFile })
  return new NginxOrigin(port, statusPort, [nginx, sink])
}

class NginxOrigin implements Origin {
  readonly port: number
  readonly #statusPort: number
  readonly #servers: readonly Server[]
  #asked = 0

  constructor(port: number, statusPort: number, servers: readonly Server[]) {
    this.port = port
    this.#statusPort = statusPort
    this.#servers = servers
  }

  async counts(): Promise<OriginCounts> {
    const response = await fetch(`http://127.0.0.1:${this.#statusPort}/`, { headers: { connection: 'close' } })
    const text = await response.text()
    // ngx_http_stub_status_module: "server accepts handled requests", then the three numbers.
    const [accepts, , requests] = (/^ (\d+) (\d+) (\d+) $/m.exec(text) ?? []).slice(1).map(Number)
    if (accepts === undefined || requests === undefined) throw new Error('the origin server does not tell its counts')
    this.#asked++
    return { connections: accepts - this.#asked, requests: requests - this.#asked }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#servers.map(server => server.stop()))
  }
}

interface OriginPlace {
  readonly directory: string
  readonly files: string
  readonly port: number
  readonly statusPort: number
  readonly sinkPort: number
}

function nginxConfig({ directory, files, port, statusPort, sinkPort }: OriginPlace): string {
  return `daemon off;
worker_processes 1;
${process.getuid?.() === 0 ? 'user root;' : ''}
pid ${directory}/origin.pid;
error_log stderr warn;
events { worker_connections 8192; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  large_client_header_buffers 8 64k;
  client_max_body_size 0;
  client_body_temp_path ${directory}/origin-body;
  proxy_temp_path ${directory}/origin-proxy;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /1k { default_type text/plain; return 200 "${'torhaus '.repeat(SMALL_BYTES / 8)}"; }
    location = ${TICKET_FOLDER}/1k {
      default_type text/plain;
      if ($http_authorization !~ "^Negotiate YI") { return 401; }
      return 200 "${'torhaus '.repeat(SMALL_BYTES / 8)}";
    }
    location / { root ${files}; }
    location = /upload {
      proxy_pass http://127.0.0.1:${sinkPort};
      proxy_http_version 1.1;
      proxy_request_buffering off;
    }
  }
  server {
    listen 127.0.0.1:${statusPort};
    location / { stub_status; }
  }
}
`
}
