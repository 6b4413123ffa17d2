/**
 * The origin server: nginx with one worker, which costs a few microseconds per request and so never limits, and beside
 * it a small server for uploads and tunnels (nginx answers `return` before the content has come).
 *
 *   /0, /1k                            nothing; 1,024 bytes
 *   /10k, /100k, /700k, /1m, /1g       files by sendfile
 *   /ticket/1k                         1,024 bytes, only with a Negotiate token in the request; 401 without
 *   /REPOSITORY.git/info/refs          1,024 bytes, as what git asks for first
 *   /REPOSITORY.git/git-upload-pack    1,024 bytes to `ls-refs`, 100 KB to `fetch`, told apart by the length of the request
 *   /upload                            the number of bytes received, as text
 *   /tunnel                            a WebSocket that echoes
 *   /ticket/SIZE                       that file, only with a Negotiate token in the request; 401 without
 *   /DefaultCollection/_apis/.../SIZE  that file, to any method
 *   /DefaultCollection/SIZE.asmx       that file, to a POST
 */
import { truncateSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { freePort } from '../../devkit/torhaus/free-port.ts'
import { FETCH_CONTENT } from './git-content.ts'
import { type Server, startServer } from './server.ts'
import type { LabTls } from './tls.ts'

/**
 * Where the origin server wants a token in each request. It does not look into it: what that costs is not the proxy's.
 */
export const TICKET_FOLDER = '/ticket'

export const TUNNEL_TARGET = '/tunnel'

/** Content of the pages, by target. */
export const pageBytes = {
  '0': 0,
  '1k': 1024,
  '10k': 10_240,
  '100k': 102_400,
  '700k': 716_800,
  '1m': 1 << 20,
  '1g': 1 << 30,
} as const

export const SMALL_BYTES = pageBytes['1k']

interface OriginCounts {
  /** Connections accepted, and requests read, since the start; without those that ask for these counts. */
  readonly connections: number
  readonly requests: number
}

export interface Origin {
  readonly port: number
  /** Of nginx. */
  readonly pid: number
  /** Undefined where it was started without a certificate. */
  readonly tlsPort: number | undefined
  counts(): Promise<OriginCounts>
  stop(): Promise<void>
}

/** Where a proxy finds it, without a slash at the end. `host`: a name of its certificate. */
export function originUrl({ origin, tls }: OriginPlaced, host = '127.0.0.1'): string {
  return tls?.isToOrigin === true ? `https://${host}:${origin.tlsPort}` : `http://${host}:${origin.port}`
}

interface OriginPlaced {
  readonly origin: Origin
  readonly tls: LabTls | undefined
}

export async function startOrigin(directory: string, certificate?: OriginCertificate): Promise<Origin> {
  const [port, helperPort, statusPort] = [await freePort(), await freePort(), await freePort()]
  const tls = certificate && { ...certificate, port: await freePort() }
  const files = join(directory, 'origin-files')
  await mkdir(files)
  for (const name of ['1k', '10k', '100k', '700k', '1m'] as const)
    writeFileSync(join(files, name), Buffer.alloc(pageBytes[name], 'torhaus '))
  writeFileSync(join(files, '1g'), '')
  // A hole in the file: reads as zeros, takes no space.
  truncateSync(join(files, '1g'), pageBytes['1g'])
  const configFile = join(directory, 'origin.conf')
  writeFileSync(configFile, nginxConfig({ directory, files, port, statusPort, helperPort, tls }))

  const outputFile = join(directory, 'origin.log')
  const helper = await startServer(
    [process.execPath, resolve(import.meta.dirname, 'upload-and-tunnel-server.ts'), `${helperPort}`],
    {
      place: 'load',
      port: helperPort,
      outputFile: join(directory, 'upload-and-tunnel.log'),
    },
  )
  const nginx = await startServer(['nginx', '-c', configFile, '-p', directory], { place: 'load', port, outputFile })
  return new NginxOrigin(port, tls?.port, statusPort, [nginx, helper])
}

class NginxOrigin implements Origin {
  readonly port: number
  readonly tlsPort: number | undefined
  readonly pid: number
  readonly #statusPort: number
  readonly #servers: readonly Server[]
  #asked = 0

  constructor(port: number, tlsPort: number | undefined, statusPort: number, servers: readonly [Server, Server]) {
    this.port = port
    this.pid = servers[0].pid
    this.tlsPort = tlsPort
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

interface OriginCertificate {
  readonly certificateFile: string
  readonly privateKeyFile: string
}

interface OriginPlace {
  readonly directory: string
  readonly files: string
  readonly port: number
  readonly statusPort: number
  readonly helperPort: number
  readonly tls: (OriginCertificate & { readonly port: number }) | undefined
}

function nginxConfig({ directory, files, port, statusPort, helperPort, tls }: OriginPlace): string {
  return `daemon off;
worker_processes 1;
${process.getuid?.() === 0 ? 'user root;' : ''}
pid ${directory}/origin.pid;
error_log stderr warn;
events { worker_connections 16384; }
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
${tls === undefined ? '' : tlsLines(tls)}    location = /1k { default_type text/plain; return 200 "${'torhaus '.repeat(SMALL_BYTES / 8)}"; }
    location = ${TICKET_FOLDER}/1k {
      default_type text/plain;
      if ($http_authorization !~ "^Negotiate YI") { return 401; }
      return 200 "${'torhaus '.repeat(SMALL_BYTES / 8)}";
    }
    # By name: the condition is a pattern, too, and has no first group.
    location ~ ^${TICKET_FOLDER}/(?<size>\\d+k)$ {
      if ($http_authorization !~ "^Negotiate YI") { return 401; }
      alias ${files}/$size;
    }
    location ~ ^/DefaultCollection/(?:_apis/.*/)?(\\d+k)(?:\\.asmx)?$ {
      # A file answers no POST, but stands in for an error.
      error_page 405 =200 /$1;
      alias ${files}/$1;
    }
    location = /0 { return 200 ""; }
    location / { root ${files}; }
    location ~ \\.git/info/refs$ {
      default_type application/x-git-upload-pack-advertisement;
      return 200 "${'torhaus '.repeat(SMALL_BYTES / 8)}";
    }
    location ~ \\.git/git-upload-pack$ {
      default_type application/x-git-upload-pack-result;
      # A file answers no POST, but stands in for an error.
      error_page 405 =200 /100k;
      if ($content_length = ${FETCH_CONTENT.length}) { return 405; }
      return 200 "${'torhaus '.repeat(SMALL_BYTES / 8)}";
    }
    location = /upload {
      proxy_pass http://127.0.0.1:${helperPort};
      proxy_http_version 1.1;
      proxy_request_buffering off;
    }
    location = ${TUNNEL_TARGET} {
      proxy_pass http://127.0.0.1:${helperPort};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
      proxy_read_timeout 1h;
    }
  }
  server {
    listen 127.0.0.1:${statusPort};
    location / { stub_status; }
  }
}
`
}

const tlsLines = ({ port, certificateFile, privateKeyFile }: OriginCertificate & { readonly port: number }) =>
  `    listen 127.0.0.1:${port} ssl backlog=4096;
    ssl_certificate ${certificateFile};
    ssl_certificate_key ${privateKeyFile};
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache shared:origin:10m;
`
