/**
 * Client certificates. TLS verifies them in the handshake, but the connection is kept open even if one is not valid:
 * its requests are refused instead, so that the user reads why. An aborted handshake would be an alert that says
 * little, and in TLS 1.3 would come after the client considers the handshake complete.
 */
import { createHash, type X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import { TLSSocket, type TlsOptions } from 'node:tls'
import { type ClientCertificateSettings, revocationListsIn } from '../../config/client-certificates.ts'
import { bytesIn } from '../../config/files-read.ts'
import { certificatesInFile } from '../../config/tls-pair.ts'
import type { Code } from '../errors.ts'

export interface ShownCertificate {
  readonly certificate: X509Certificate
  /** Why it is not good; undefined: it is. */
  readonly problem: Code | undefined
  readonly notAfterMs: number
}

export function clientCertificateOptions({ caFile, crlFile }: ClientCertificateSettings): TlsOptions {
  const ca = bytesIn(caFile)
  const crl = crlFile === undefined ? undefined : revocationListsIn(crlFile)
  const judgedBy = createHash('sha256')
    .update(ca)
    .update(crl?.join() ?? '')
  return {
    ...{ requestCert: true, rejectUnauthorized: false, ca },
    ...(crl === undefined ? {} : { crl }),
    // A session that is resumed keeps its verdict: not where other authorities, or another list, gave it. 32 bytes at most.
    sessionIdContext: judgedBy.digest('base64url').slice(0, 32),
  }
}

const shown = new WeakMap<Socket, ShownCertificate>()

/** Where the chain that came with a certificate leads, among the authorities of ours: to no root, where that is missing. */
export type LeadsTo = (certificate: X509Certificate) => 'root' | 'intermediate' | 'nobody'

/** As many certificates are looked at: a stranger may send hundreds that are called as an authority of ours. */
const MAX_CHAIN = 10

export function leadsTo({ caFile }: Pick<ClientCertificateSettings, 'caFile'>): LeadsTo {
  const authorities = certificatesInFile(caFile)
  return certificate => {
    let one: X509Certificate | undefined = certificate
    let isKnown = false
    for (let count = 0; one !== undefined && count < MAX_CHAIN; count++) {
      const last: X509Certificate = one
      const authority = authorities.find(other => last.checkIssued(other) && last.verify(other.publicKey))
      if (authority?.checkIssued(authority)) return 'root'
      isKnown ||= authority !== undefined
      one = authority ?? last.issuerCertificate
    }
    return isKnown ? 'intermediate' : 'nobody'
  }
}

/** Undefined if the client presented none, or the connection is not TLS. */
export function certificateOf(socket: Socket, leadsTo: LeadsTo): ShownCertificate | undefined {
  const known = shown.get(socket)
  if (known !== undefined || !(socket instanceof TLSSocket)) return known
  // `authorized` alone does not suffice: it is also true for a resumed session without a certificate.
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) return undefined
  const { authorized, authorizationError } = socket
  const told = authorized ? undefined : problemOf(String(authorizationError))
  // OpenSSL tells the last of its errors: where a root is unknown, there is no list of it either. Of a resumed session
  // there is no chain.
  const hidesMore = told === 'client-certificate-unchecked' && !socket.isSessionReused()
  const problem = hidesMore ? UNCHECKED[leadsTo(certificate)] : told
  const found = { certificate, problem, notAfterMs: certificate.validToDate.getTime() }
  shown.set(socket, found)
  return found
}

const UNCHECKED = {
  root: 'client-certificate-unchecked',
  intermediate: 'client-certificate-root-missing',
  nobody: 'client-certificate-untrusted',
} as const

/** X509_V_ERR_* of OpenSSL, as Node calls them. */
const PROBLEMS: Readonly<Record<string, Code>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'client-certificate-untrusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'client-certificate-untrusted',
  // The chain that was sent ends at somebody unknown.
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'client-certificate-untrusted',
  // No chain was sent.
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'client-certificate-incomplete',
  // It ends at a configured authority that is not a root.
  UNABLE_TO_GET_ISSUER_CERT: 'client-certificate-root-missing',
  CERT_HAS_EXPIRED: 'client-certificate-expired',
  CERT_NOT_YET_VALID: 'client-certificate-not-yet-valid',
  CERT_REVOKED: 'client-certificate-revoked',
  INVALID_PURPOSE: 'client-certificate-wrong-use',
  UNABLE_TO_GET_CRL: 'client-certificate-unchecked',
  CRL_HAS_EXPIRED: 'client-certificate-unchecked',
  CRL_NOT_YET_VALID: 'client-certificate-unchecked',
  CRL_SIGNATURE_FAILURE: 'client-certificate-unchecked',
  UNABLE_TO_DECRYPT_CRL_SIGNATURE: 'client-certificate-unchecked',
}

const problemOf = (error: string): Code => PROBLEMS[error] ?? 'client-certificate-invalid'
