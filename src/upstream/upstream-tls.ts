import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { createSecureContext, getCACertificates } from 'node:tls'
import type { Config } from '../../config/schema.ts'

/** How the server is spoken to over TLS. `host`: that of upstream.url. */
export function upstreamTls({ caFile, serverName }: Config['upstream']['tls'], host: string) {
  const name = serverName ?? host
  return {
    rejectUnauthorized: true,
    ALPNProtocols: ['http/1.1'],
    // Once for all connections: all authorities are parsed for it, which takes milliseconds.
    secureContext: createSecureContext({
      minVersion: 'TLSv1.2',
      ca: caFile === undefined ? getCACertificates('default') : [readFileSync(caFile, 'utf8')],
    }),
    // RFC 6066 3: addresses are no server names; the certificate is checked against the address then.
    ...(isIP(name) === 0 ? { servername: name } : {}),
  }
}
