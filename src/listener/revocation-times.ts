/**
 * Until when certificate revocation lists are valid. The verdict on a certificate lasts as long as its connection and
 * the TLS sessions resumed from it, which can be longer than a list is valid.
 */
import type { X509Certificate } from 'node:crypto'
import { type ClientCertificateSettings, lastDueMs, namesIn, wholeListsIn } from '../../config/client-certificates.ts'
import { certificatesInFile } from '../../config/tls-pair.ts'

/** When the first list is overdue that a certificate stands on; from then on a handshake would say that it is unchecked. */
export type UncheckedFrom = (certificate: X509Certificate) => number

export function uncheckedFrom({
  caFile,
  crlFile,
}: Pick<ClientCertificateSettings, 'caFile' | 'crlFile'>): UncheckedFrom {
  if (crlFile === undefined) return () => Number.POSITIVE_INFINITY
  const dueMs = lastDueMs(wholeListsIn(crlFile), ({ issuer }) => issuer.toString('hex'))
  const signers = new Map(certificatesInFile(caFile).map(signerOf))
  return certificate => {
    const issuers = new Set<string>()
    // As far as the authorities are known here: of a resumed session there is no chain.
    for (let [, name] = signerOf(certificate); name !== undefined && !issuers.has(name); ) {
      issuers.add(name)
      name = signers.get(name)
    }
    return Math.min(...[...issuers].map(issuer => dueMs.get(issuer) ?? Number.POSITIVE_INFINITY))
  }
}

function signerOf(certificate: X509Certificate): readonly [string, string | undefined] {
  const { subject, issuer } = namesIn(certificate)
  return [subject.toString('hex'), issuer.toString('hex')]
}
