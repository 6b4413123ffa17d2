import { type AuthorizationElement, elementsIn, IF_RELEVANT, readAuthorizationData } from './authorization-data.ts'
import { DerReader, UNIVERSAL } from './der-reader.ts'
import { type Checksum, readChecksum } from './encrypted-data.ts'
import { type EncryptionKey, KEY_USAGE } from './encryption-key.ts'
import { Krb5Error } from './krb5-error.ts'
import { readPrincipalName } from './principal-name.ts'

// Authentication indicators (RFC 8129): short words by which a KDC says how somebody has signed in, `otp` or `pkinit`.
// They count inside a CAMMAC (RFC 7751) alone: a container that the KDC signs with the key of the service. Anything else
// in a ticket may have been put there by its holder, whose authorization data a KDC copies (RFC 4120 3.3.3).
//
//   AD-IF-RELEVANT ( AD-CAMMAC { elements [0], kdc-verifier [1], svc-verifier [2], others [3] } )

/** RFC 7751 3, RFC 8129 2. */
const CAMMAC = 96
const INDICATORS = 97

/** MIT knows some words in all; a KDC that says more says nothing that can be configured. */
const MAX_INDICATORS = 64

interface Cammac {
  readonly elements: readonly AuthorizationElement[]
  /** What is signed. */
  readonly signed: Buffer
  readonly forService: Checksum | undefined
}

/**
 * Indicators that the KDC signed with this key, which opened the ticket. Those without a signature that fits are
 * nobody's word, and passed over.
 */
export function indicatorsOf(elements: readonly AuthorizationElement[], key: EncryptionKey): string[] {
  const found = new Set<string>()
  for (const data of cammacsIn(elements)) {
    const cammac = readCammac(data)
    if (!isSigned(cammac, key)) continue
    for (const { type, data } of cammac.elements)
      if (type === INDICATORS) for (const indicator of readIndicators(data)) found.add(indicator)
  }
  return [...found]
}

/** At the top, or in AD-IF-RELEVANT and nowhere deeper, as for the PAC. */
const cammacsIn = (elements: readonly AuthorizationElement[]): Buffer[] =>
  elements
    .flatMap(element => (element.type === IF_RELEVANT ? elementsIn(element.data) : [element]))
    .filter(({ type }) => type === CAMMAC)
    .map(({ data }) => data)

function readCammac(octets: Buffer): Cammac {
  const fields = DerReader.only(octets, UNIVERSAL.sequence)
  const signed = new DerReader(octets).enter(UNIVERSAL.sequence).enter(0xa0).element()
  const elements = readAuthorizationData(fields, 0)
  fields.optional(1, readVerifier)
  const forService = fields.optional(2, readVerifier)
  fields.optional(3, (reader, number) => reader.field(number, UNIVERSAL.sequence))
  fields.finish()
  return { elements, signed, forService }
}

/** Verifier-MAC: whose key, its number and type are hints; the key that opened the ticket is the one. */
function readVerifier(reader: DerReader, number: number): Checksum {
  const fields = reader.field(number, UNIVERSAL.sequence)
  fields.optional(0, readPrincipalName)
  fields.optional(1, (at, tag) => at.uint32(tag))
  fields.optional(2, (at, tag) => at.integer(tag))
  const checksum = readChecksum(fields, 3)
  fields.finish()
  return checksum
}

function isSigned({ signed, forService }: Cammac, key: EncryptionKey): boolean {
  if (forService?.type !== key.enctype.checksumType) return false
  try {
    key.verifyChecksum(KEY_USAGE.cammac, forService.octets, signed)
    return true
  } catch (error) {
    if (error instanceof Krb5Error && error.code === 'integrity') return false
    throw error
  }
}

/** AD-AUTHENTICATION-INDICATOR (RFC 8129 2): a list of UTF8String. */
const readIndicators = (octets: Buffer): string[] =>
  DerReader.only(octets, UNIVERSAL.sequence).each(MAX_INDICATORS, reader =>
    reader.enter(UNIVERSAL.utf8String).rest().toString('utf8'),
  )
