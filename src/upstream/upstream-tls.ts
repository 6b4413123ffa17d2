import { isIP } from 'node:net'
import { createSecureContext, getCACertificates } from 'node:tls'
import { bytesIn } from '../../config/files-read.ts'
import type { Config } from '../../config/schema.ts'
import { readTlsPair } from '../../config/tls-pair.ts'

/**
 * TLS options for the origin server, including the client certificate, if configured, for when the server asks for one.
 * `host`: that of upstream.url.
 */
export function upstreamTls(settings: Config['upstream']['tls'], host: string) {
  const { caFile, serverName = host } = settings
  return {
    rejectUnauthorized: true,
    ALPNProtocols: ['http/1.1'],
    // Once for all connections: all authorities are parsed for it, which takes milliseconds.
    secureContext: createSecureContext({
      ...readTlsPair(settings),
      minVersion: 'TLSv1.2',
      ca: caFile === undefined ? getCACertificates('default') : [bytesIn(caFile)],
    }),
    // RFC 6066 3: addresses are no server names; the certificate is checked against the address then.
    ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
  }
}
