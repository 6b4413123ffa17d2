import { isKdcError, readKdcError } from '../protocol/kdc-error.ts'

/** The KDC refused, by a code of RFC 4120 7.5.9. */
export class KdcRefusal extends Error {
  override readonly name = 'KdcRefusal'
  readonly errorCode: number

  constructor(errorCode: number) {
    super(`KRB-ERROR ${errorCode}`)
    this.errorCode = errorCode
  }
}

/** Unknown, disabled or locked, expired (RFC 4120 7.5.9). Whether a password is wrong, one KDC is asked: two would count. */
const SHUTS_OUT: ReadonlySet<number> = new Set([6, 18, 23])

/** Of a refusal that nothing authenticates, given before anybody has shown a proof that could be counted. */
export const isDoubtful = (answer: unknown): boolean => answer instanceof KdcRefusal && SHUTS_OUT.has(answer.errorCode)

export function refuseError(octets: Buffer): void {
  if (isKdcError(octets)) throw new KdcRefusal(readKdcError(octets).code)
}
