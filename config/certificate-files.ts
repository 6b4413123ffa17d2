/**
 * Certificates and the keys that belong to them: read while the configuration is checked, so that what is wrong is
 * found before it is served.
 */
import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { Report } from './diagnostic.ts'
import { type FileKind, fileKind, wrongFile } from './file-kind.ts'
import { bytesIn } from './files-read.ts'
import { openPkcs12 } from './pkcs12.ts'
import type { Config } from './schema.ts'
import { oneLineProblem, readSecret } from './secret.ts'
import { certificateOption, certificatesIn, encryptedKeyIn, readTlsPair, type TlsPairFiles } from './tls-pair.ts'
import { isPlainHttp } from './url-rules.ts'

export function checkCertificateFiles({ listener }: Pick<Config, 'listener'>, report: Report): void {
  if (listener.tls !== undefined) checkNeeded('listener.tls', listener.tls, report)
}

export function checkAdminCertificateFiles({ admin }: Pick<Config, 'admin'>, report: Report): void {
  if (admin.tls !== undefined) checkNeeded('admin.tls', admin.tls, report)
}

/** What Torhaus shows to Redis, and whom it trusts there. */
export function checkRedisCertificates({ session }: Pick<Config, 'session'>, report: Report): void {
  const { kind, redis } = session.store
  if (kind !== 'redis' || redis === undefined) return
  checkPair('session.store.redis.tls', redis.tls, report)
  checkAuthorities('session.store.redis.tls.caFile', redis.tls.caFile, report)
}

/** Whom Torhaus trusts at the upstream, and what it shows there. */
export function checkUpstreamCertificates({ upstream }: Pick<Config, 'upstream'>, report: Report): void {
  const { tls, url } = upstream
  checkAuthorities('upstream.tls.caFile', tls.caFile, report)
  const own = certificateOption(tls)
  if (own !== undefined && isPlainHttp(url)) report(`upstream.tls.${own.name}`, 'requires an https upstream.url')
  checkPair('upstream.tls', tls, report)
}

const KEY = /^-----BEGIN (?:[A-Z0-9]+ )?PRIVATE KEY-----/m

/** As `fileKind`, of the key where it stands behind its certificate: both in one file, as HAProxy has them. */
function keyKind(bytes: Buffer): FileKind {
  const kind = fileKind(bytes)
  const at = kind === 'certificate' ? bytes.toString('latin1').search(KEY) : -1
  return at === -1 ? kind : fileKind(bytes.subarray(at))
}

/** The private key in a file, or what it holds instead, in words. */
export function privateKeyIn(fileName: string): KeyObject | string {
  const bytes = contentOf(fileName)
  if (typeof bytes === 'string') return bytes
  const kind = keyKind(bytes)
  const must = 'must contain a private key in PEM'
  if (kind !== 'private-key') return `${fileName} ${wrongFile(kind, must)}`
  try {
    return createPrivateKey(bytes)
  } catch {
    return `${fileName} contains a damaged private key, but ${must}`
  }
}

/** TLS ignores what is no certificate in a file of authorities, and then trusts nobody. */
export function checkAuthorities(path: string, fileName: string | undefined, report: Report): void {
  const found = fileName === undefined ? [] : certificatesOf(fileName)
  if (typeof found === 'string') report(path, found)
}

/** TLS cannot be served without a certificate. */
function checkNeeded(path: string, pair: TlsPairFiles, report: Report): void {
  if (Object.keys(pair).some(option => NAMING.includes(option))) checkPair(path, pair, report)
  else report(path, 'needs certificateFile and privateKeyFile, or pkcs12File and pkcs12PasswordFile')
}

const NAMING = [
  ...['certificateFile', 'privateKeyFile', 'privateKeyPasswordFile'],
  ...['pkcs12File', 'pkcs12PasswordFile'],
]

function checkPair(path: string, pair: TlsPairFiles, report: Report): void {
  const { certificateFile, privateKeyFile, privateKeyPasswordFile, pkcs12File, pkcs12PasswordFile } = pair
  if (pkcs12File !== undefined || pkcs12PasswordFile !== undefined) return checkArchive(path, pair, report)
  if ((certificateFile === undefined) !== (privateKeyFile === undefined))
    return report(path, 'needs both certificateFile and privateKeyFile, or neither')
  if (privateKeyFile === undefined && privateKeyPasswordFile !== undefined)
    return report(`${path}.privateKeyPasswordFile`, 'needs certificateFile and privateKeyFile')
  const certificates = certificateFile === undefined ? [] : certificatesOf(certificateFile)
  if (privateKeyFile !== undefined && privateKeyPasswordFile !== undefined) {
    const problem = passwordProblem(privateKeyFile, privateKeyPasswordFile)
    if (problem !== undefined) return report(`${path}.privateKeyPasswordFile`, problem)
  }
  const key = privateKeyFile === undefined ? undefined : keyOf(privateKeyFile, privateKeyPasswordFile)
  if (typeof certificates === 'string') report(`${path}.certificateFile`, certificates)
  if (typeof key === 'string') report(`${path}.privateKeyFile`, key)
  if (typeof certificates === 'string' || typeof key !== 'object') return
  const [own] = certificates
  if (own === undefined) return
  if (own.checkPrivateKey(key)) {
    const refused = tooWeak(pair)
    if (refused !== undefined) report(`${path}.certificateFile`, `${certificateFile} ${refused}`)
    return
  }
  const isElsewhere = certificates.some(certificate => certificate.checkPrivateKey(key))
  const why = isElsewhere
    ? `: that one is further down in ${certificateFile}, but must come first`
    : `, the first in ${certificateFile}: use the key that the certificate was requested with`
  report(`${path}.privateKeyFile`, `${privateKeyFile} does not belong to the certificate${why}`)
}

/** What OpenSSL does not serve, though it reads it: keys, and signatures in the chain, that can be forged. */
function tooWeak(pair: TlsPairFiles): string | undefined {
  try {
    // Without authorities, or all of Node's own were read.
    createSecureContext({ ...readTlsPair(pair), ca: [] })
    return undefined
  } catch (error) {
    const { reason, message } = error as Error & { readonly reason?: string }
    return `is refused by OpenSSL (${reason ?? message}): ${SIGN_ANEW}`
  }
}

const SIGN_ANEW = 'get a new one with an ECDSA key on P-256 or an RSA key of 2048 bits, signed with SHA-256'

/** An archive in place of two files in PEM, not beside them: nobody could say which is served. */
function checkArchive(path: string, pair: TlsPairFiles, report: Report): void {
  const { pkcs12File, pkcs12PasswordFile } = pair
  const beside = NAMING.find(option => !option.startsWith('pkcs12') && pair[option as keyof TlsPairFiles] !== undefined)
  if (beside !== undefined)
    return report(`${path}.${beside}`, 'cannot be combined with pkcs12File: use only one of the two')
  if (pkcs12File === undefined || pkcs12PasswordFile === undefined)
    return report(path, 'needs both pkcs12File and pkcs12PasswordFile, or neither')
  const [archive, password] = [contentOf(pkcs12File), contentOf(pkcs12PasswordFile)]
  if (typeof archive === 'string') return report(`${path}.pkcs12File`, archive)
  if (typeof password === 'string') return report(`${path}.pkcs12PasswordFile`, password)
  const problem = oneLineProblem(password)
  if (problem !== undefined) return report(`${path}.pkcs12PasswordFile`, `${pkcs12PasswordFile} ${problem}`)
  const kind = fileKind(archive)
  if (kind !== 'pkcs12')
    return report(`${path}.pkcs12File`, `${pkcs12File} ${wrongFile(kind, 'must be a PKCS#12 archive')}`)
  const opened = openPkcs12(archive, readSecret(pkcs12PasswordFile).reveal())
  const tried = `openssl pkcs12 -in ${pkcs12File} -passin file:${pkcs12PasswordFile}`
  if (opened === 'locked')
    report(
      `${path}.pkcs12PasswordFile`,
      `the password in ${pkcs12PasswordFile} does not open ${pkcs12File}, or the archive is damaged: try it with \`${tried} -noout\``,
    )
  else if (opened === 'weak')
    report(`${path}.pkcs12File`, `${pkcs12File} contains a certificate that OpenSSL refuses as too weak: ${SIGN_ANEW}`)
  else if (opened === 'incomplete')
    report(`${path}.pkcs12File`, `${pkcs12File} must contain a private key and its certificate: export both`)
  else if (typeof opened === 'string')
    report(
      `${path}.pkcs12File`,
      `${pkcs12File} has an encryption or format that is not supported: convert it with \`${tried} -legacy -noenc -out ALL.pem\` and \`openssl pkcs12 -export -in ALL.pem -out NEW\``,
    )
}

const keyOf = (fileName: string, passwordFile: string | undefined) =>
  passwordFile === undefined ? privateKeyIn(fileName) : encryptedKeyIn(fileName, passwordFile)

/** Why the password does not open the key, in words that show neither. What is wrong with the key alone is told elsewhere. */
function passwordProblem(keyFile: string, passwordFile: string): string | undefined {
  const [key, password] = [contentOf(keyFile), contentOf(passwordFile)]
  if (typeof password === 'string') return password
  const problem = oneLineProblem(password)
  if (problem !== undefined) return `${passwordFile} ${problem}`
  if (typeof key === 'string') return key
  if (keyKind(key) !== 'encrypted-key') return `${keyFile} is not encrypted: remove this option, or encrypt the key`
  try {
    encryptedKeyIn(keyFile, passwordFile)
    return undefined
  } catch {
    return `the password in ${passwordFile} does not open ${keyFile}: try it with \`openssl pkey -in ${keyFile} -passin file:${passwordFile} -noout\``
  }
}

/** The certificates, at least one; or what the file holds instead, in words. */
function certificatesOf(fileName: string): X509Certificate[] | string {
  const bytes = contentOf(fileName)
  if (typeof bytes === 'string') return bytes
  const kind = fileKind(bytes)
  const must = 'must contain a certificate in PEM'
  try {
    // A byte order mark, or words between certificates, do no harm.
    const found = certificatesIn(bytes.toString('latin1'))
    return found.length > 0 ? found : `${fileName} ${wrongFile(kind, must)}`
  } catch {
    return `${fileName} contains a damaged certificate, but ${must}`
  }
}

/** The bytes, or why there are none: one that is missing is told by who looks at all files. */
export function contentOf(fileName: string): Buffer | string {
  try {
    return bytesIn(fileName)
  } catch (error) {
    return `${fileName} cannot be read: ${(error as Error).message}`
  }
}
