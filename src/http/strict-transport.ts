import { isIP } from 'node:net'
import { bareHost } from '../../config/bare-host.ts'
import type { Config } from '../../config/schema.ts'

/**
 * The field that makes browsers use only https for this host (RFC 6797 6.1): name and value, or nothing if it must not
 * be sent or has no effect: over http (7.2), for an IP address (8.1.1).
 */
export function strictTransport({ off, maxAgeSeconds, includeSubDomains }: Config['hsts'], publicUrl: URL): string[] {
  if (off || publicUrl.protocol !== 'https:' || isIP(bareHost(publicUrl.hostname)) !== 0) return []
  return ['Strict-Transport-Security', `max-age=${maxAgeSeconds}${includeSubDomains ? '; includeSubDomains' : ''}`]
}
