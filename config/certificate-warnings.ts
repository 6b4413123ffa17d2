/** What is worth a word about a certificate, and keeps nobody from starting: it may be right where it is used. */
import type { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { bareHost } from './bare-host.ts'
import { clientCertificateWarnings } from './client-certificates.ts'
import { type Diagnostic, diagnostic } from './diagnostic.ts'
import { providersOf } from './providers.ts'
import type { Config } from './schema.ts'
import { certificateOption, certificatesInFile, ownCertificatesOf, ownChainOf } from './tls-pair.ts'

const DAY_MS = 86_400_000
/** Enough to get another one. */
const SOON_MS = 14 * DAY_MS

/** What is so with a certificate, and what to do; joined, the message. */
export interface Warning {
  readonly what: string
  readonly remedy: string
  /** It is good for nothing already. */
  readonly isOver?: true
}

export function certificateWarnings(config: Config, nowMs: number): (Diagnostic & Warning)[] {
  const { listener, upstream, session, publicUrl } = config
  const redis = session.store.kind === 'redis' ? session.store.redis?.tls : undefined
  return [
    ...ownCertificatesOf(config).flatMap(([path, files]) => {
      const option = certificateOption(files)
      if (option === undefined) return []
      return warningsOf(`${path}.${option.name}`, option.file, ownChainOf(files), (own, chain) => [
        ageWarning(own, nowMs) ?? chainAgeWarning(chain, nowMs),
        path === 'listener.tls' || path === 'admin.tls' ? kindWarning(own) : undefined,
        path === 'listener.tls' ? nameWarning(own, new URL(publicUrl).hostname) : undefined,
        path === 'listener.tls' || path === 'upstream.tls' ? chainWarning(own, chain) : undefined,
      ])
    }),
    ...authorities('upstream.tls.caFile', upstream.tls.caFile, nowMs),
    ...providersOf(config).flatMap(({ path, settings }) => authorities(`${path}.caFile`, settings.caFile, nowMs)),
    ...authorities('listener.tls.clientCertificates.caFile', listener.tls?.clientCertificates?.caFile, nowMs),
    ...clientCertificateWarnings(config, nowMs).map(warning => ({
      ...{ ...diagnostic(warning.path, `${warning.what}: ${warning.remedy}`), ...warning },
    })),
    ...authorities('session.store.redis.tls.caFile', redis?.caFile, nowMs),
  ]
}

type Look = (own: X509Certificate, chain: readonly X509Certificate[]) => readonly (Warning | undefined)[]

/** Of a file that was found to hold certificates before. */
function warningsOf(
  path: string,
  fileName: string,
  [own, ...chain]: readonly X509Certificate[],
  look: Look,
): (Diagnostic & Warning)[] {
  const warnings = own === undefined ? [] : look(own, chain)
  return warnings
    .filter(warning => warning !== undefined)
    .map(({ what, remedy, ...more }) => ({
      ...{ ...diagnostic(path, `${fileName} ${what}: ${remedy}`), what: `${fileName} ${what}`, remedy, ...more },
    }))
}

function authorities(path: string, fileName: string | undefined, nowMs: number): (Diagnostic & Warning)[] {
  if (fileName === undefined) return []
  return warningsOf(path, fileName, certificatesInFile(fileName), (own, others) => [
    [own, ...others].every(({ validToDate }) => validToDate.getTime() <= nowMs)
      ? { what: 'contains only expired authorities', remedy: 'nothing will be trusted', isOver: true }
      : undefined,
  ])
}

/** Why a certificate is good for no connection today, or will not be soon. */
export function ageWarning({ validFromDate, validToDate }: X509Certificate, nowMs: number): Warning | undefined {
  const [from, to] = [validFromDate.getTime(), validToDate.getTime()]
  const day = (date: Date) => date.toISOString().slice(0, 10)
  if (nowMs < from) return { what: `is not valid before ${day(validFromDate)}`, remedy: 'check the clock' }
  const until = day(validToDate)
  if (nowMs >= to) return { what: `expired on ${until}`, remedy: 'no client accepts it; replace it', isOver: true }
  if (to - nowMs >= SOON_MS) return undefined
  return { what: `expires on ${until}`, remedy: 'replace it before then' }
}

/** Of those behind it, without a root: clients have that, and look at their own. */
function chainAgeWarning(chain: readonly X509Certificate[], nowMs: number): Warning | undefined {
  const at = chain.findIndex(issuer => !issuer.checkIssued(issuer) && ageWarning(issuer, nowMs) !== undefined)
  const found = chain[at] && ageWarning(chain[at], nowMs)
  return found && { ...found, what: `has a chain whose certificate ${at + 2} ${found.what}` }
}

/** Others are served to programs, or to nobody. */
function kindWarning({ publicKey }: X509Certificate): Warning | undefined {
  const { asymmetricKeyType = '', asymmetricKeyDetails } = publicKey
  const curve = asymmetricKeyDetails?.namedCurve ?? ''
  const isTaken = asymmetricKeyType === 'ec' ? CURVES.includes(curve) : asymmetricKeyType === 'rsa'
  if (isTaken) return undefined
  return {
    what: `has a key that Chrome and Edge do not accept (${asymmetricKeyType === 'ec' ? curve : asymmetricKeyType})`,
    remedy:
      'get one for an ECDSA key on P-256 or an RSA key of 2048 bits, unless a balancer in front presents another certificate',
  }
}

const CURVES = ['prime256v1', 'secp384r1']

/** Whether it names that host (RFC 6125 6.4). */
export function isFor(certificate: X509Certificate, hostname: string): boolean {
  const host = bareHost(hostname)
  return (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined
}

function nameWarning(certificate: X509Certificate, hostname: string): Warning | undefined {
  if (isFor(certificate, hostname)) return undefined
  const names = certificate.subjectAltName ?? 'no name'
  const what = `is for ${names}, but publicUrl has ${bareHost(hostname)}`
  return { what, remedy: 'browsers refuse it, unless a balancer in front presents another certificate' }
}

/** Each must be signed by the next; the last may be signed by one that clients have. */
function chainWarning(own: X509Certificate, chain: readonly X509Certificate[]): Warning | undefined {
  const all = [own, ...chain]
  const stray = all.slice(1).findIndex((issuer, at) => all[at]?.checkIssued(issuer) !== true)
  if (stray === -1) return undefined
  return {
    what: 'has a chain that some clients cannot follow',
    remedy: `certificate ${stray + 2} of the file did not sign certificate ${stray + 1}; the order must be own, intermediate, root`,
  }
}
