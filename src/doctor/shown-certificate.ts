import type { X509Certificate } from 'node:crypto'
import { ageWarning } from '../../config/certificate-warnings.ts'
import type { Finding } from './finding.ts'

/** What somebody else shows, and will have to renew. */
export function ageFindings(name: string, certificate: X509Certificate | undefined, nowMs: number): Finding[] {
  const warning = certificate === undefined ? undefined : ageWarning(certificate, nowMs)
  if (warning === undefined) return []
  const why = 'after that, nothing can connect to it'
  return [
    {
      what: `the certificate of ${name} ${warning.what}`,
      why,
      remedy: 'tell the people who run it',
      severity: 'warning',
    },
  ]
}
