/** What is worth a word about a certificate, and keeps nobody from starting: it may be right where it is used. */
import type { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { certificatesIn } from './certificate-files.ts'
import { type Diagnostic, diagnostic } from './diagnostic.ts'
import type { Config } from './schema.ts'

const DAY_MS = 86_400_000
/** Enough to get another one. */
const SOON_MS = 14 * DAY_MS

export function certificateWarnings(config: Config, nowMs: number): Diagnostic[] {
  const { listener, upstream, session, publicUrl } = config
  const redis = session.store.kind === 'redis' ? session.store.redis?.tls : undefined
  return [
    ...warningsOf('listener.tls.certificateFile', listener.tls?.certificateFile, (own, chain) => [
      ageWarning(own, nowMs),
      nameWarning(own, new URL(publicUrl).hostname),
      chainWarning(own, chain),
    ]),
    ...authorities('upstream.tls.caFile', upstream.tls.caFile, nowMs),
    ...authorities('session.store.redis.tls.caFile', redis?.caFile, nowMs),
    ...warningsOf('session.store.redis.tls.certificateFile', redis?.certificateFile, own => [ageWarning(own, nowMs)]),
  ]
}

type Look = (own: X509Certificate, chain: readonly X509Certificate[]) => readonly (string | undefined)[]

/** Of a file that was found to hold certificates before. */
function warningsOf(path: string, fileName: string | undefined, look: Look): Diagnostic[] {
  if (fileName === undefined) return []
  const [own, ...chain] = certificatesIn(readFileSync(fileName, 'latin1'))
  const messages = own === undefined ? [] : look(own, chain)
  return messages.flatMap(message => (message === undefined ? [] : [diagnostic(path, `${fileName} ${message}`)]))
}

const authorities = (path: string, fileName: string | undefined, nowMs: number): Diagnostic[] =>
  warningsOf(path, fileName, (own, others) => [
    [own, ...others].every(({ validToDate }) => validToDate.getTime() <= nowMs)
      ? 'holds no authority that has not expired: nothing will be trusted'
      : undefined,
  ])

/** Why a certificate is good for no connection today, or will not be soon. */
export function ageWarning({ validFromDate, validToDate }: X509Certificate, nowMs: number): string | undefined {
  const [from, to] = [validFromDate.getTime(), validToDate.getTime()]
  const day = (date: Date) => date.toISOString().slice(0, 10)
  if (nowMs < from) return `is valid from ${day(validFromDate)} on only: is the clock right?`
  if (nowMs >= to) return `has expired on ${day(validToDate)}: no client accepts it; put a new one in its place`
  return to - nowMs < SOON_MS ? `expires on ${day(validToDate)}: put a new one in its place before` : undefined
}

function nameWarning(certificate: X509Certificate, hostname: string): string | undefined {
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const fits = isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)
  if (fits !== undefined) return undefined
  const names = certificate.subjectAltName ?? 'no name at all'
  return `is for ${names}, and publicUrl says ${host}: browsers refuse it, unless a balancer in front has another`
}

/** Each must be signed by the next; the last may be signed by one that clients have. */
function chainWarning(own: X509Certificate, chain: readonly X509Certificate[]): string | undefined {
  const all = [own, ...chain]
  const stray = all.slice(1).findIndex((issuer, at) => all[at]?.checkIssued(issuer) !== true)
  if (stray === -1) return undefined
  return `has a chain that some clients cannot follow: certificate ${stray + 2} of the file has not signed number ${stray + 1}; the order is own, intermediate, root`
}
