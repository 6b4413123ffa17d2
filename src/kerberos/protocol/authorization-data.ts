import { DerReader, UNIVERSAL } from './der-reader.ts'
import { malformed } from './krb5-error.ts'

/** AD-IF-RELEVANT (RFC 4120 5.2.6.1), AD-WIN2K-PAC (MS-KILE 3.3.5.6.4). */
export const IF_RELEVANT = 1
const WIN2K_PAC = 128

/** Elements of one list; AD sends a handful. */
const MAX_ELEMENTS = 64

export interface AuthorizationElement {
  readonly type: number
  readonly data: Buffer
}

/** AuthorizationData (RFC 4120 5.2.6) as the field [n], not yet opened. */
export function readAuthorizationData(reader: DerReader, number: number): readonly AuthorizationElement[] {
  return readElements(reader.field(number, UNIVERSAL.sequence))
}

function readElements(list: DerReader): AuthorizationElement[] {
  return list.each(MAX_ELEMENTS, reader => {
    const element = reader.enter(UNIVERSAL.sequence)
    const type = element.integer(0)
    const data = element.octets(1)
    element.finish()
    return { type, data }
  })
}

/** What stands inside an element that is a list itself (AD-IF-RELEVANT). */
export const elementsIn = (data: Buffer): AuthorizationElement[] =>
  readElements(DerReader.only(data, UNIVERSAL.sequence))

/**
 * The PAC of a ticket: directly in AD-IF-RELEVANT and nowhere deeper (MS-KILE 3.3.5.6.4), so there is no nesting to be
 * limited. Undefined where there is none. Throws where there are two: which one was signed would be a guess.
 */
export function pacOf(elements: readonly AuthorizationElement[]): Buffer | undefined {
  let pac: Buffer | undefined
  for (const { type, data } of elements) {
    if (type !== IF_RELEVANT) continue
    for (const inner of elementsIn(data)) {
      if (inner.type !== WIN2K_PAC) continue
      if (pac !== undefined) throw malformed('two PACs')
      pac = inner.data
    }
  }
  return pac
}
