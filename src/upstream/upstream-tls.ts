import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { getCACertificates } from 'node:tls'
import type { Config } from '../../config/schema.ts'

/** How the server is spoken to over TLS. `host`: that of upstream.url. */
export function upstreamTls({ caFile, serverName }: Config['upstream']['tls'], host: string) {
  const name = serverName ?? host
  return {
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2' as const,
    ALPNProtocols: ['http/1.1'],
    ca: caFile === undefined ? getCACertificates('default') : [readFileSync(caFile, 'utf8')],
    // RFC 6066 3: addresses are no server names; the certificate is checked against the address then.
    ...(isIP(name) === 0 ? { servername: name } : {}),
  }
}
