import type { X509Certificate } from 'node:crypto'
import type { Report } from './diagnostic.ts'
import type { Config } from './schema.ts'
import { ownChainOf, type TlsPairFiles } from './tls-pair.ts'

/**
 * The hash by which a certificate binds a channel (RFC 5929 4.1): that of its signature, SHA-256 in place of weaker ones.
 * Undefined where the signature names none by itself (Ed25519, RSASSA-PSS), and clients send no binding.
 */
export function bindingDigest({ signatureAlgorithm = '' }: X509Certificate): string | undefined {
  const [, named] = /^(?:sha|ecdsa-with-sha|dsa_with_sha|md)(\d+)/i.exec(signatureAlgorithm) ?? []
  if (named === undefined) return undefined
  return named === '1' || named === '5' ? 'sha256' : `sha${named}`
}

/** `require` where there is nothing to compare with would let nobody in by a ticket, or everybody. */
export function checkChannelBindings({ kerberos, listener }: Config, report: Report): void {
  if (kerberos?.channelBindings !== 'require') return
  const path = 'kerberos.channelBindings'
  if (listener.tls === undefined)
    return report(path, 'require needs listener.tls: a ticket is bound to the certificate that clients see')
  const certificate = certificateIn(listener.tls)
  if (certificate !== undefined && bindingDigest(certificate) === undefined)
    report(
      path,
      `require needs a certificate signed with RSA (PKCS #1) or ECDSA: for ${certificate.signatureAlgorithm} RFC 5929 defines no binding`,
    )
}

/** Undefined where it cannot be read: that is said elsewhere. */
function certificateIn(files: TlsPairFiles): X509Certificate | undefined {
  try {
    return ownChainOf(files)[0]
  } catch {
    return undefined
  }
}
