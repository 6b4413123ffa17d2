/**
 * Files with keys and secrets: looked at while the configuration is checked, so that `check` says what a start would.
 */
import { statSync } from 'node:fs'
import { privateKeyIn } from './certificate-files.ts'
import { type Diagnostic, diagnostic, type Report } from './diagnostic.ts'
import { bytesIn } from './files-read.ts'
import { kerberosPrincipals } from './kerberos-principals.ts'
import { EXPORT_ANEW, isKeytab, lackOfKey } from './keytab-entries.ts'
import { providersOf } from './providers.ts'
import type { Config } from './schema.ts'
import { keyFileProblem, oneLineProblem } from './secret.ts'
import { ownCertificatesOf } from './tls-pair.ts'

export function checkSessionKeys({ session }: Config, report: Report): void {
  for (const [index, fileName] of session.encryptionKeyFiles.entries())
    reportContent(`session.encryptionKeyFiles[${index}]`, fileName, keyFileProblem, report)
}

export function checkTicketKey({ listener }: Config, report: Report): void {
  reportContent('listener.tls.sessionTicketKeyFile', listener.tls?.sessionTicketKeyFile, keyFileProblem, report)
}

export function checkAssertionKeys({ upstream }: Config, report: Report): void {
  const { identity } = upstream
  if (identity.kind !== 'assertion') return
  for (const [index, fileName] of (identity.assertion?.signingKeyFiles ?? []).entries()) {
    const path = `upstream.identity.assertion.signingKeyFiles[${index}]`
    const key = privateKeyIn(fileName)
    if (typeof key === 'string') report(path, key)
    else if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
      report(path, `${fileName} contains another kind of key, but must contain an EC key on P-256: ${MAKE_P256}`)
  }
}

const MAKE_P256 = 'create one with `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out FILE`'

export function checkClientSecrets(config: Config, report: Report): void {
  for (const { path, settings } of providersOf(config))
    reportContent(`${path}.clientSecretFile`, settings.clientSecretFile, oneLineProblem, report)
}

export function checkRedisPasswords({ session }: Config, report: Report): void {
  const { kind, redis } = session.store
  if (kind !== 'redis') return
  reportContent('session.store.redis.passwordFile', redis?.passwordFile, oneLineProblem, report)
  reportContent('session.store.redis.sentinelPasswordFile', redis?.sentinelPasswordFile, oneLineProblem, report)
}

export function checkKeytab({ kerberos }: Config, report: Report): void {
  reportContent('kerberos.keytabFile', kerberos?.keytabFile, keytabProblem, report)
}

function keytabProblem(octets: Buffer): string | undefined {
  return isKeytab(octets)
    ? undefined
    : 'is not a keytab: export one with `ktpass`, `ktutil` or `samba-tool domain exportkeytab`, and copy it as a binary file'
}

/** What a start, and the first delegated request, would not find in the keytab. */
export function checkKeytabKeys({ kerberos, publicUrl, upstream }: Config, report: Report): void {
  if (kerberos === undefined) return
  const { keytabFile } = kerberos
  const octets = bytesIn(keytabFile)
  if (!isKeytab(octets)) return
  const { accept, aliases, service } = kerberosPrincipals(kerberos, new URL(publicUrl).hostname)
  for (const name of [accept, ...aliases, ...(upstream.identity.kind === 'kerberos' ? [service] : [])]) {
    const lack = lackOfKey(octets, name)
    if (lack !== undefined) report('kerberos.keytabFile', `${keytabFile} ${lack}: ${EXPORT_ANEW}`)
  }
}

function reportContent(
  path: string,
  fileName: string | undefined,
  problemOf: (bytes: Buffer) => string | undefined,
  report: Report,
): void {
  if (fileName === undefined) return
  const problem = problemOf(bytesIn(fileName))
  if (problem !== undefined) report(path, `${fileName} ${problem}`)
}

/** Write access of a group, and any access of others. */
const TOO_OPEN = 0o027

/**
 * What is worth a word, and keeps nobody from starting: secrets that more than their owner and a group can read.
 * Windows has no such modes.
 */
export function keyFileWarnings(config: Config, platform: NodeJS.Platform = process.platform): Diagnostic[] {
  if (platform === 'win32') return []
  return secretFilesOf(config).flatMap(([path, fileName]) => {
    const mode = statSync(fileName, { throwIfNoEntry: false })?.mode ?? 0
    if ((mode & TOO_OPEN) === 0) return []
    const octal = (mode & 0o777).toString(8).padStart(4, '0')
    return [
      diagnostic(
        path,
        `${fileName} has mode ${octal}: other accounts can read or replace this secret; use mode 0640 or stricter`,
      ),
    ]
  })
}

function secretFilesOf(config: Config): (readonly [path: string, fileName: string])[] {
  const { session, upstream, admin, kerberos } = config
  const { redis } = session.store
  const keys = (path: string, names: readonly string[] = []) =>
    names.map((fileName, index) => [`${path}[${index}]`, fileName] as const)
  const single: readonly (readonly [path: string, fileName: string | undefined])[] = [
    ['session.store.redis.passwordFile', redis?.passwordFile],
    ['session.store.redis.sentinelPasswordFile', redis?.sentinelPasswordFile],
    ...providersOf(config).flatMap(({ path, settings }) => [
      [`${path}.clientSecretFile`, settings.clientSecretFile] as const,
      [`${path}.clientKeyFile`, settings.clientKeyFile] as const,
    ]),
    ...ownCertificatesOf(config).flatMap(([path, files]) => [
      [`${path}.privateKeyFile`, files.privateKeyFile] as const,
      [`${path}.privateKeyPasswordFile`, files.privateKeyPasswordFile] as const,
      [`${path}.pkcs12File`, files.pkcs12File] as const,
      [`${path}.pkcs12PasswordFile`, files.pkcs12PasswordFile] as const,
    ]),
    ['listener.tls.sessionTicketKeyFile', config.listener.tls?.sessionTicketKeyFile],
    ['admin.credentialFile', admin.credentialFile],
    ['kerberos.keytabFile', kerberos?.keytabFile],
  ]
  return [
    ...keys('session.encryptionKeyFiles', session.encryptionKeyFiles),
    ...keys('upstream.identity.assertion.signingKeyFiles', upstream.identity.assertion?.signingKeyFiles),
    ...single.flatMap(([path, fileName]) => (fileName === undefined ? [] : [[path, fileName] as const])),
  ]
}
