import { createHash, hash, type X509Certificate } from 'node:crypto'
import { bindingDigest } from '../../../config/channel-binding-rules.ts'

// Channel bindings (RFC 4121 4.1.1.2): an MD5 hash, in the authenticator, over
//
//   four numbers of 32 bits, zero: no addresses | length | "tls-server-end-point:" and the hash of the certificate
//
// MD5 keeps no secret here; the authenticator around it is under the session key.

const PREFIX = Buffer.from('tls-server-end-point:')

/**
 * What a client of this server certificate puts into its tokens (RFC 5929 4): 16 octets. Undefined where none is
 * defined for the certificate.
 */
export function tlsServerEndPoint(certificate: X509Certificate): Buffer | undefined {
  const digest = bindingDigest(certificate)
  if (digest === undefined) return undefined
  const data = Buffer.concat([PREFIX, hash(digest, certificate.raw, 'buffer')])
  const head = Buffer.alloc(20)
  head.writeUInt32LE(data.length, 16)
  return createHash('md5').update(head).update(data).digest()
}
