/** What must be right about listener.tls.clientCertificates: authorities, revocation lists, and how an account is named. */
import type { X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { type Element, readAll } from '../src/asn1/der.ts'
import { checkAuthorities, contentOf } from './certificate-files.ts'
import type { Report } from './diagnostic.ts'
import { fileKind, wrongFile } from './file-kind.ts'
import { bytesIn } from './files-read.ts'
import { patternProblem } from './linear-pattern.ts'
import { isSignedBy } from './revocation-signature.ts'
import type { Config } from './schema.ts'
import { certificatesInFile } from './tls-pair.ts'

export type ClientCertificateSettings = NonNullable<NonNullable<Config['listener']['tls']>['clientCertificates']>

const AT = 'listener.tls.clientCertificates'

export function checkClientCertificates({ listener }: Pick<Config, 'listener'>, report: Report): void {
  const settings = listener.tls?.clientCertificates
  if (settings === undefined) return
  const { caFile, crlFile, accountFrom, accountPattern, firstFactor } = settings
  checkAuthorities(`${AT}.caFile`, caFile, report)
  const crlProblem = crlFile === undefined ? undefined : problemOfLists(crlFile)
  if (crlProblem !== undefined) report(`${AT}.crlFile`, crlProblem)
  const problem = patternProblem(accountPattern)
  if (problem !== undefined) report(`${AT}.accountPattern`, problem)
  if (firstFactor && accountFrom.length === 0)
    report(`${AT}.firstFactor`, 'needs accountFrom: without it, a certificate does not identify an account')
}

const LIST = /-----BEGIN X509 CRL-----[^-]+-----END X509 CRL-----/g

/** Every revocation list of a file in PEM, each in PEM. */
export const revocationListsIn = (fileName: string): string[] => bytesIn(fileName).toString('latin1').match(LIST) ?? []

function problemOfLists(fileName: string): string | undefined {
  const content = contentOf(fileName)
  if (typeof content === 'string') return content
  const lists = revocationListsIn(fileName)
  const must = 'must contain a certificate revocation list in PEM'
  const remedy = ': convert it to PEM with `openssl crl -inform DER -in OLD -out NEW`'
  if (lists.length === 0)
    return `${fileName} ${wrongFile(fileKind(content), must)}${content[0] === SEQUENCE ? remedy : ''}`
  try {
    createSecureContext({ crl: lists })
    const [alone] = wholeLists(lists.map(listOf)).without
    return alone?.passedOver && `${fileName} ${PASSED_OVER[alone.passedOver]}: ${instead(alone.passedOver)}`
  } catch {
    return `${fileName} contains a damaged revocation list, but ${must}`
  }
}

/** What OpenSSL passes over without a word. */
const PASSED_OVER = {
  delta: 'contains a delta CRL (ADCS calls it CA+.crl), which is ignored',
  partial:
    'contains a CRL that covers only some reasons, attribute certificates or other authorities (issuing distribution point), which is ignored',
  unknown:
    'contains a CRL with a critical extension that OpenSSL does not know, which makes it refuse every certificate of that authority',
} as const

const instead = (kind: keyof typeof PASSED_OVER) =>
  kind === 'unknown' ? 'have the authority publish one without it' : 'use the complete CRL'

/** What others revoke is good until the next whole list. `without`: those of authorities of whom there is no whole list. */
function wholeLists(lists: readonly RevocationList[]) {
  const whole = lists.filter(({ passedOver }) => passedOver === undefined)
  const others = lists.filter(({ passedOver }) => passedOver !== undefined)
  return { whole, others, without: others.filter(other => !whole.some(({ issuer }) => issuer.equals(other.issuer))) }
}

/** The whole lists of a file. Throws where one is damaged. */
export const wholeListsIn = (fileName: string): readonly RevocationList[] =>
  wholeLists(revocationListsIn(fileName).map(listOf)).whole

/**
 * By name, when the last list of that name is due, in milliseconds since the epoch; infinite where it does not say. Beside
 * its successor, one that is overdue does no harm.
 */
export function lastDueMs(
  lists: readonly RevocationList[],
  nameOf: (list: RevocationList) => string,
): ReadonlyMap<string, number> {
  const dueMs = new Map<string, number>()
  for (const list of lists) {
    const { nextUpdateMs = Number.POSITIVE_INFINITY } = list
    dueMs.set(nameOf(list), Math.max(dueMs.get(nameOf(list)) ?? 0, nextUpdateMs))
  }
  return dueMs
}

export interface RevocationList {
  /** In DER. */
  readonly octets: Buffer
  /** The name of its authority, in DER. */
  readonly issuer: Buffer
  /** When the next one is due; undefined where it does not say, and is good for ever. */
  readonly nextUpdateMs: number | undefined
  /**
   * Only what has changed since a whole list (RFC 5280 5.2.4); or not all that the authority revokes, or not that alone
   * (RFC 5280 5.2.5); or with what nobody here knows, and may not pass over (5.2). Undefined: a whole list.
   */
  readonly passedOver: keyof typeof PASSED_OVER | undefined
  /** Which part of what the authority has signed it is about (RFC 5280 5.2.5), in DER; empty: all. */
  readonly scope: Buffer
}

const SEQUENCE = 0x30
const INTEGER = 0x02
const CONTEXT_0 = 0xa0
const TIMES = [0x17, 0x18]
/** 2.5.29.27 and 28 (RFC 5280 5.2.4, 5.2.5). */
const [DELTA_INDICATOR, DISTRIBUTION_POINT] = ['551d1b', '551d1c']
/** onlySomeReasons, indirectCRL, onlyContainsAttributeCerts. */
const PARTIAL = [0x83, 0x84, 0x85]
/** What OpenSSL knows: these, and 2.5.29.35, the key of the authority. */
const KNOWN = [DELTA_INDICATOR, DISTRIBUTION_POINT, '551d23']
const BOOLEAN = 0x01

/** Of a list in PEM (RFC 5280 5.1). Throws where it is none. */
function listOf(pem: string): RevocationList {
  const octets = Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64')
  const [list] = partsOf(octets)
  const [toBeSigned] = partsOf(list?.contents)
  const [first, ...others] = partsOf(toBeSigned?.contents)
  // The first version has no number.
  const [, issuer, , nextUpdate, ...more] = first?.tag === INTEGER ? others : [first, ...others]
  if (issuer === undefined) throw new RangeError('issuer')
  const isDue = nextUpdate !== undefined && TIMES.includes(nextUpdate.tag)
  const [extensions] = partsOf([nextUpdate, ...more].find(part => part?.tag === CONTEXT_0)?.contents ?? NOTHING)
  const named = (identifier: string) =>
    partsOf(extensions?.contents ?? NOTHING).find(({ contents }) => isNamed(contents, identifier))?.contents ?? NOTHING
  const isDelta = named(DELTA_INDICATOR).length > 0
  const scope = partsOf(named(DISTRIBUTION_POINT)).at(-1)?.contents ?? NOTHING
  const isPartial = partsOf(partsOf(scope)[0]?.contents ?? NOTHING).some(({ tag }) => PARTIAL.includes(tag))
  const isUnknown = partsOf(extensions?.contents ?? NOTHING).some(
    extension => isCritical(extension) && !KNOWN.some(identifier => isNamed(extension.contents, identifier)),
  )
  return {
    octets,
    issuer: issuer.contents,
    nextUpdateMs: isDue ? timeOf(nextUpdate.contents.toString('latin1')) : undefined,
    passedOver: isDelta ? 'delta' : isPartial ? 'partial' : isUnknown ? 'unknown' : undefined,
    scope,
  }
}

const NOTHING = Buffer.alloc(0)

const isNamed = (extension: Buffer, identifier: string) =>
  partsOf(extension)[0]?.contents.toString('hex') === identifier

/** False by default (RFC 5280 4.1), and then not written. */
const isCritical = ({ contents }: Element) => partsOf(contents)[1]?.tag === BOOLEAN

/** Of whom a certificate is, and who has signed it, in DER (RFC 5280 4.1). */
export function namesIn({ raw }: X509Certificate): { readonly issuer: Buffer; readonly subject: Buffer } {
  const [certificate] = partsOf(raw)
  const [toBeSigned] = partsOf(certificate?.contents)
  const [first, ...others] = partsOf(toBeSigned?.contents)
  const [, , issuer, , subject] = first?.tag === CONTEXT_0 ? others : [first, ...others]
  if (issuer === undefined || subject === undefined) throw new RangeError('name')
  return { issuer: issuer.contents, subject: subject.contents }
}

function partsOf(octets: Buffer | undefined) {
  const parts = octets && readAll(octets)
  if (parts === undefined) throw new RangeError('DER')
  return parts
}

/** UTCTime means 1950 to 2049 (RFC 5280 5.1.2.4); GeneralizedTime has all four digits. */
function timeOf(text: string): number {
  const full = text.length === 13 ? `${Number(text.slice(0, 2)) < 50 ? '20' : '19'}${text}` : text
  const time = Date.parse(full.replace(/^(....)(..)(..)(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  if (Number.isNaN(time)) throw new RangeError('time')
  return time
}

interface ListWarning {
  readonly path: string
  readonly what: string
  readonly remedy: string
  readonly isOver?: true
}

/** Of files that were found to be right in form. */
export function clientCertificateWarnings({ listener }: Pick<Config, 'listener'>, nowMs: number): ListWarning[] {
  const settings = listener.tls?.clientCertificates
  if (settings === undefined) return []
  const authorities = certificatesInFile(settings.caFile)
  const rootless = authorities.filter(one => !authorities.some(other => one.checkIssued(other)))
  return [
    ...rootless.map(({ subject, issuer }) => ({
      path: `${AT}.caFile`,
      what: `${settings.caFile} contains the intermediate ${oneLine(subject)}, but not ${oneLine(issuer)}, which signed it`,
      remedy: 'certificates issued by it are refused; add that root',
    })),
    ...(settings.crlFile === undefined ? [] : listWarnings(settings.crlFile, authorities, nowMs)),
  ]
}

function listWarnings(fileName: string, authorities: readonly X509Certificate[], nowMs: number): ListWarning[] {
  const { whole: lists, others } = wholeLists(revocationListsIn(fileName).map(listOf))
  const path = `${AT}.crlFile`
  const passedOver = [...new Set(others.flatMap(other => other.passedOver ?? []))].map(
    (kind): ListWarning => ({
      ...{ path, what: `${fileName} ${PASSED_OVER[kind]}` },
      remedy: 'what it revokes is accepted until the next complete CRL; have the authority publish those often enough',
    }),
  )
  const isLate = ({ nextUpdateMs }: RevocationList) => nextUpdateMs !== undefined && nextUpdateMs <= nowMs
  const ofAuthorities = authorities.flatMap((authority): ListWarning[] => {
    const name = oneLine(authority.subject)
    const own = lists.filter(({ issuer }) => issuer.equals(namesIn(authority).subject))
    const remedy = 'its certificates are refused until there is one'
    if (own.length === 0) return [{ path, what: `${fileName} has no list of ${name}`, remedy }]
    if (own.every(list => isSignedBy(list.octets, authority) === false))
      return [{ path, what: `${fileName} has a list of ${name} that was signed with another key`, remedy: OTHER_KEY }]
    if (!own.every(isLate)) return []
    return [{ path, what: `${fileName} has a list of ${name} whose next update is overdue`, remedy, isOver: true }]
  })
  return [...ofAuthorities, ...passedOver]
}

const OTHER_KEY =
  'certificates signed with the key in caFile are refused until there is a CRL signed with that key; an authority whose key was renewed has one CRL for each key'

const oneLine = (name: string) => name.replaceAll('\n', ', ')
